"""The files destination: complete lists, written whole or not at all, and not touched without need."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.destinations.base import Batch, DestinationError, Member, Operation, Replacement
from include.destinations.files import Files, file_stem, replacing
from include.publisher.publish import publish
from tests.unit.publisher.world import DESTINATIONS, World, customers


def go(world: World, run: str):
    return publish("loyal", "files", run, world.settings)


def state(world: World) -> dict[str, tuple[int, int, bytes]]:
    folder = world.settings.data_dir / "published"
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes()) for path in files}


def test_both_formats_hold_the_list(world: World) -> None:
    world.promote(customers(2, 1))
    go(world, "monday")
    folder = world.settings.data_dir / "published"
    assert (folder / "loyal.csv").read_text() == (
        '"customer_key","email","first_name","stage","spent"\n'
        '"c0001","c0001@people.example","Ann","loyal",12.50\n'
        '"c0002","c0002@people.example","Ann","loyal",12.50\n'
    )
    table = pq.read_table(folder / "loyal.parquet")
    assert table.column("customer_key").to_pylist() == ["c0001", "c0002"]
    assert table.schema.field("spent").type == pa.decimal128(12, 2)


def test_the_changes_of_each_run_lie_beside_it(world: World) -> None:
    world.promote(customers(1, 2))
    go(world, "monday")
    world.promote([*customers(2, first_name="Bea"), *customers(3)])
    world.configure(DESTINATIONS[:1], guard={"max_removal_share": 1})
    go(world, "scheduled__2026-01-02T00:00:00+00:00")
    changes = world.settings.data_dir / "published" / "changes" / "loyal"
    assert sorted(path.name for path in changes.iterdir()) == [
        "monday.loyal.files.csv",
        "scheduled__2026-01-02T00-00-00-00-00.loyal.files.csv",
    ]
    assert (changes / "scheduled__2026-01-02T00-00-00-00-00.loyal.files.csv").read_text() == (
        '"customer_key","operation","reason"\n'
        '"c0001","remove","left_audience"\n"c0002","update","content_changed"\n"c0003","add","joined"\n'
    )


def test_only_the_owner_may_read(world: World) -> None:
    world.promote(customers(1))
    before = os.umask(0)
    try:
        go(world, "monday")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(Path(path).stat().st_mode) for path in state(world)} == {0o600}


def test_a_run_without_changes_rewrites_nothing(world: World) -> None:
    world.promote(customers(1, 2))
    go(world, "monday")
    before = state(world)
    assert go(world, "tuesday").unchanged == 2
    assert state(world) == before
    world.promote(customers(1, 2, 3))
    go(world, "wednesday")
    assert state(world) != before


@pytest.mark.parametrize("damage", ["delete", "shorten", "garble"])
def test_a_damaged_list_is_written_anew(world: World, damage: str) -> None:
    world.promote(customers(1, 2))
    go(world, "monday")
    path = world.settings.data_dir / "published" / "loyal.csv"
    good = path.read_bytes()
    path.unlink() if damage == "delete" else path.write_text(
        '"customer_key"\n"c0001"\n' if damage == "shorten" else "\0"
    )
    assert go(world, "tuesday").unchanged == 2
    assert path.read_bytes() == good


def test_a_crash_while_writing_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        file.write(b"half of the ne")
        raise KeyboardInterrupt
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("list.csv", "old")]
    with replacing(path) as file:
        file.write(b"new")
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("list.csv", "new")]


@pytest.mark.parametrize("formats", [("csv",), ("parquet",), ("csv", "parquet")])
def test_taking_members_out_leaves_the_others_as_they_were(tmp_path: Path, formats: tuple) -> None:
    files = Files(tmp_path, formats)
    table = pa.table({"customer_key": ["a", "b", "c"], "zip": ["01234", "", None], "n": pa.array([1, 2, 3], pa.int8())})

    def replace(rows: pa.Table, run: str) -> list[bytes]:
        files.replace(
            Replacement("files", "x", run, pa.RecordBatchReader.from_batches(rows.schema, rows.to_batches()), rows)
        )
        return [files.path("x", name).read_bytes() for name in formats]

    replace(table, "one")
    batch = Batch("files", "x", "two", Operation.REMOVE, (Member("a", "t"), Member("unknown", "t")))
    assert files.send(batch).accepted == ["a", "unknown"]
    read = files.read_back("x")
    assert read is not None
    assert (read.count, read.keys) == (2, frozenset("bc"))
    assert '"b","",' in files.path("x", "csv").read_text() if "csv" in formats else True
    if "parquet" in formats:
        assert pq.read_table(files.path("x", "parquet")).equals(table.slice(1))


def test_additions_must_come_as_a_complete_list(tmp_path: Path) -> None:
    with pytest.raises(DestinationError, match="expected the operation 'remove', got 'add'"):
        Files(tmp_path, ("csv",)).send(Batch("files", "x", "r", Operation.ADD, (Member("a", "t"),)))


def test_nothing_is_known_of_an_audience_never_written(tmp_path: Path) -> None:
    assert Files(tmp_path, ("csv",)).read_back("x") is None


@pytest.mark.parametrize(
    ("run_id", "stem"), [("a:b+c/d", "a-b-c-d"), ("../../etc/x", "-..-etc-x"), ("ok_1.2", "ok_1.2")]
)
def test_run_ids_become_file_names_of_this_folder(run_id: str, stem: str) -> None:
    assert file_stem(run_id) == stem


def test_a_list_with_too_few_members_is_written_anew(world: World) -> None:
    world.configure([DESTINATIONS[0] | {"formats": ["csv"]}])
    world.promote(customers(1, 2))
    go(world, "monday")
    path = world.settings.data_dir / "published" / "loyal.csv"
    good = path.read_bytes()
    path.write_bytes(b"".join(good.splitlines(keepends=True)[:2]))
    go(world, "tuesday")
    assert path.read_bytes() == good

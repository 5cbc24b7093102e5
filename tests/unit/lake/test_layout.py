"""Where things lie in the lake, and that a file is there whole or not at all."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import duckdb
import pytest

from include.lake.layout import ABANDONED_AFTER_SECONDS, Lake, lake_columns, write_json, written_aside
from include.settings import SettingsError
from include.sources.entities import all_entities
from tests.unit.sources.bench import plain_settings


def test_the_folders_of_a_lake(tmp_path: Path) -> None:
    lake = Lake(plain_settings(tmp_path))
    root = tmp_path / "lake"
    assert lake.landed("shop", "orders") == root / "shop" / "orders"
    assert lake.incoming("shop", "orders") == root / "_incoming" / "shop" / "orders"
    assert lake.manifest("shop", "orders", "a1") == root / "_loads" / "shop" / "orders" / "a1.json"
    assert lake.quarantine("shop", "orders", "a1") == root / "_quarantine" / "shop" / "orders" / "a1.parquet"


def test_an_object_store_is_refused_with_the_setting_to_change(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="PERENNIAL_LAKE_URL is s3://bucket/lake; expected a folder"):
        Lake(plain_settings(tmp_path, lake_url="s3://bucket/lake"))


def test_every_stream_has_an_empty_file_with_all_its_columns(tmp_path: Path) -> None:
    lake = Lake(plain_settings(tmp_path))
    lake.write_contracts()
    lake.write_contracts()
    for entity in all_entities().values():
        files = f"{lake.root}/*/{entity.name}/load_date=*/*.parquet"
        query = f"describe select * from read_parquet('{files}', hive_partitioning = false)"
        found = duckdb.connect().execute(query)
        expected = {name: kind.upper().replace(", ", ",") for name, kind in lake_columns(entity).items()}
        assert {row[0]: row[1] for row in found.fetchall()} == expected


def test_nothing_waiting_refused_or_recorded_is_under_the_pattern_that_the_models_read(tmp_path: Path) -> None:
    lake = Lake(plain_settings(tmp_path))
    for path in (
        lake.incoming("shop", "orders") / "a1.parquet",
        lake.quarantine("shop", "orders", "a1"),
        lake.manifest("shop", "orders", "a1"),
        lake.landed("shop", "orders") / "load_date=2024-06-01" / ".a1.parquet.17-0.tmp",
    ):
        path.parent.mkdir(parents=True)
        path.touch()
    assert list(lake.root.glob("*/orders/load_date=*/*.parquet")) == []


def test_a_file_appears_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    with written_aside(path) as aside:
        aside.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), written_aside(path) as aside:
        aside.write_text("half")
        aside.with_name(f"{aside.name}.wal").write_text("half a database's log")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_file_is_private_from_its_first_byte_on(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with written_aside(path, mode=0o600) as aside:
        duckdb.connect().execute(f"copy (select 1) to '{aside}' (format parquet, use_tmp_file false)")
        assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_other_files_are_readable_and_a_folder_made_meanwhile_can_be_entered(tmp_path: Path) -> None:
    path, usual = tmp_path / "file", os.umask(0o022)
    with written_aside(path) as aside:
        aside.write_text("whole")
        (tmp_path / "spill").mkdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "spill").stat().st_mode) & 0o700 == 0o700
    assert os.umask(usual) == 0o022


def test_what_a_killed_process_left_goes_after_an_hour_and_not_before(tmp_path: Path) -> None:
    abandoned, recent, other = (tmp_path / name for name in (".file.1-a.tmp", ".file.2-b.tmp", ".file2.3-c.tmp"))
    old = time.time() - ABANDONED_AFTER_SECONDS - 1
    for path in (abandoned, recent, other):
        path.touch()
    os.utime(abandoned, (old, old))
    os.utime(other, (old, old))
    write_json(tmp_path / "file", {"a": 1})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".file.2-b.tmp", ".file2.3-c.tmp", "file"]

"""What passed the gate lands whole, what did not goes to the quarantine, and doing it again changes nothing."""

from __future__ import annotations

import json
import stat
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from include.lake.layout import BAD_ROWS, GATE_1_PASSED
from tests.unit.sources.bench import HEADER, ORDERS, Bench, order, orders


def staged(bench: Bench, content: str, bad: dict[int, str] | None = None, name: str = "orders.csv") -> None:
    """Extract a file and leave what gate 1 leaves: its mark and the rows it refuses."""
    bench.write(name, content)
    bench.extract(bench.mapping({"orders": ORDERS}))
    folder = bench.lake.incoming("shop", "orders")
    for report in bench.reports():
        if bad:
            rows = ", ".join(f"('{report['load_id']}', {row}, '{reason}')" for row, reason in bad.items())
            query = f"select * from (values {rows}) as bad(_load_id, _row, reason)"
            duckdb.connect().execute(f"copy ({query}) to '{folder / BAD_ROWS}' (format parquet)")
    (folder / GATE_1_PASSED).touch()


def test_rows_land_with_where_they_come_from(bench: Bench) -> None:
    staged(bench, orders(range(1, 3)))
    manifest = bench.land()[0]
    assert (manifest["rows_read"], manifest["rows_landed"], manifest["rows_refused"]) == (2, 2, 0)
    assert bench.landed("order_id, _source, _file, _row, _load_id") == [
        ("o1", "shop", "orders.csv", 1, manifest["load_id"]),
        ("o2", "shop", "orders.csv", 2, manifest["load_id"]),
    ]
    path = bench.lake.landed("shop", "orders") / "load_date=2024-06-01" / f"{manifest['load_id']}.parquet"
    assert path.exists()
    assert list(bench.lake.incoming("shop", "orders").iterdir()) == []


def test_landing_the_same_content_again_replaces_and_never_doubles(bench: Bench) -> None:
    for date in ("2024-06-01", "2024-06-02"):
        bench.lake.manifest("shop", "orders", "x").parent.mkdir(parents=True, exist_ok=True)
        for record in bench.lake.root.glob("_loads/shop/orders/*.json"):
            record.unlink()
        staged(bench, orders(range(1, 4)))
        bench.land(load_date=date)
    assert bench.landed("order_id") == [("o1",), ("o2",), ("o3",)]
    # A file stays in the partition in which it landed first.
    assert [path.name for path in bench.lake.landed("shop", "orders").iterdir()] == ["load_date=2024-06-01"]


def test_landing_twice_in_a_row_finds_nothing_left_to_do(bench: Bench) -> None:
    staged(bench, orders(range(1, 4)))
    bench.land()
    before = bench.visible()
    assert bench.land() == []
    assert bench.visible() == before


def test_every_record_read_is_either_landed_or_refused(bench: Bench) -> None:
    content = HEADER + order(1) + "o2,c2\n" + order(3) + order(4) + order(3)
    staged(bench, content, bad={3: "order_id is unique in a file; the last row counts", 4: "a rule"})
    manifest = bench.land()[0]
    assert (manifest["rows_read"], manifest["rows_landed"], manifest["rows_refused"]) == (5, 2, 3)
    assert bench.landed("_row, order_id") == [(1, "o1"), (5, "o3")]
    assert bench.quarantined("file, record, reason") == [
        ("orders.csv", 2, "the record cannot be read: Expected Number of Columns: 6 Found: 2"),
        ("orders.csv", 3, "order_id is unique in a file; the last row counts; a later record 5 has the same key"),
        ("orders.csv", 4, "a rule"),
    ]


def test_the_quarantine_keeps_the_whole_row(bench: Bench) -> None:
    staged(bench, HEADER + order(1) + "o2,c2\n" + order(3), bad={3: "a rule"})
    bench.land()
    broken, refused = bench.quarantined("payload")
    assert broken == ("o2,c2",)
    row = json.loads(refused[0])
    assert (row["order_id"], row["gross_amount"], row["tax_amount"]) == ("o3", 3.5, None)


def test_the_quarantine_is_for_its_owners_eyes(bench: Bench) -> None:
    staged(bench, HEADER + order(1) + "o2,c2\n")
    bench.land()
    files = list(bench.lake.root.glob("_quarantine/shop/orders/*.parquet"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600]


def test_a_corrected_file_empties_its_quarantine(bench: Bench) -> None:
    staged(bench, HEADER + order(1) + "o2,c2\n")
    bench.land()
    staged(bench, orders(range(1, 3)))
    bench.land()
    assert bench.quarantined("record") == []
    assert len(bench.landed("order_id")) == 2


def test_counts_that_do_not_add_up_stop_before_the_load_is_recorded(bench: Bench) -> None:
    staged(bench, orders(range(1, 4)))
    path = next(bench.lake.incoming("shop", "orders").glob("*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"rows_read": 7}))
    with pytest.raises(RuntimeError, match=r"orders.csv had 7 records, but 3 landed and 0 were refused"):
        bench.land()
    assert bench.lake.manifests() == []


def test_files_that_have_not_passed_gate_1_do_not_land(bench: Bench) -> None:
    staged(bench, orders(range(1, 4)))
    (bench.lake.incoming("shop", "orders") / GATE_1_PASSED).unlink()
    with pytest.raises(RuntimeError, match=r"shop.orders: the incoming files have not passed gate 1"):
        bench.land()
    assert bench.landed("order_id") == []


def test_a_crash_while_the_incoming_area_is_cleared_lets_no_refused_row_in(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged(bench, orders(range(1, 5)), bad={2: "a rule"})
    unlinked: list[Path] = []
    unlink = Path.unlink

    def dies_after_the_first(path: Path, missing_ok: bool = False) -> None:
        if path.parent.name == "orders" and "_incoming" in path.parts:
            if unlinked:
                raise KeyboardInterrupt
            unlinked.append(path)
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", dies_after_the_first)
        with pytest.raises(KeyboardInterrupt):
            bench.land()
    bench.land()
    assert [row for (row,) in bench.landed("_row")] == [1, 3, 4]
    assert bench.quarantined("record") == [(2,)]


def test_times_of_loading_are_whole_seconds_in_utc(bench: Bench) -> None:
    staged(bench, orders(range(1, 3)))
    manifest = bench.land()[0]
    assert bench.landed("distinct _loaded_at, _file, _row")[0][0] == datetime.fromisoformat(manifest["loaded_at"])


def test_rows_that_do_not_add_up_are_never_seen(bench: Bench) -> None:
    staged(bench, orders(range(1, 3)))
    path = next(bench.lake.incoming("shop", "orders").glob("*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"rows_read": 3}))
    with pytest.raises(RuntimeError, match=r"had 3 records, but 2 landed and 0 were refused"):
        bench.land()
    assert list(bench.lake.landed("shop", "orders").glob("load_date=*/*")) == []
    assert path.exists()

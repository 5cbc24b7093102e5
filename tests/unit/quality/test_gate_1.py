"""Bad input has its stated outcome: the row goes to the quarantine, or the load stops and nothing lands."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from include.lake.layout import GATE_1_PASSED
from include.quality.gate_1 import GateFailed
from include.sources.mapping import Mapping
from include.sources.readers import SourceFileError
from tests.unit.sources.bench import AS_OF, HEADER, ORDERS, Bench, order, orders


def load(bench: Bench, mapping: Mapping, as_of: datetime = AS_OF) -> list:
    """Do what the load DAG does."""
    bench.extract(mapping)
    verdicts = bench.check(mapping, as_of=as_of)
    bench.land()
    return verdicts


def loaded_before(bench: Bench, count: int = 4) -> Mapping:
    """Land a first good file, so that there is something to keep, and pretend a live warehouse stands on it."""
    mapping = bench.mapping({"orders": ORDERS})
    bench.write("orders_0.csv", orders(range(1, count + 1)))
    bench.extract(mapping)
    (bench.lake.incoming("shop", "orders") / GATE_1_PASSED).touch()
    bench.land()
    bench.settings.live_warehouse.parent.mkdir(parents=True)
    bench.settings.live_warehouse.write_bytes(b"the live warehouse of yesterday")
    return mapping


def stops(bench: Bench, mapping: Mapping, message: str, error: type[Exception] = GateFailed, **when: datetime) -> None:
    """The load stops with this message; lake, quarantine, records and live warehouse are as they were."""
    before = bench.visible()
    with pytest.raises(error, match=message):
        load(bench, mapping, **when)
    assert bench.visible() == before


def test_a_good_file_lands_whole(bench: Bench, data_docs: None) -> None:
    loaded_before(bench)
    bench.write("orders_1.csv", orders(range(10, 16)))
    (verdict,) = load(bench, bench.mapping({"orders": ORDERS}))
    assert (verdict.stream, verdict.files, verdict.rows_read, verdict.rows_refused) == ("orders", 1, 6, 0)
    assert verdict.reasons == {}
    assert len(bench.landed("order_id")) == 10
    assert bench.quarantined("record") == []
    docs = bench.settings.data_dir / "quality" / "gate_1" / "shop_shop" / "gx" / "uncommitted" / "data_docs"
    index = (docs / "local_site" / "index.html").read_text(encoding="utf-8")
    # One page for each of what was checked, of this load and of the one before.
    assert {name: index.count(f"validations/{name}/") > 0 for name in ("files", "streams", "columns", "orders")} == {
        "files": True,
        "streams": True,
        "columns": True,
        "orders": True,
    }


def test_broken_rows_wrong_values_unknown_words_and_impossible_times_go_to_the_quarantine(bench: Bench) -> None:
    mapping = loaded_before(bench)
    bench.write(
        "orders_1.csv",
        HEADER
        + order(11)
        + "o12,c12\n"
        + "o13,c13,2024-05-30 10:00:00,completed,EUR,12 pounds\n"
        + order(14, currency="XXX")
        + order(15, status="parked")
        + order(16, at="2999-01-01 00:00:00")
        + ",c17,2024-05-30 10:00:00,completed,EUR,1\n"
        + order(18)
        + order(11),
    )
    (verdict,) = load(bench, mapping)
    assert (verdict.rows_read, verdict.rows_refused) == (9, 7)
    assert bench.landed("order_id, _row")[4:] == [("o18", 8), ("o11", 9)]
    assert bench.quarantined("file, record, reason") == [
        ("orders_1.csv", 1, "order_id is unique in a file; the last row counts; a later record 9 has the same key"),
        ("orders_1.csv", 2, "the record cannot be read: Expected Number of Columns: 6 Found: 2"),
        (
            "orders_1.csv",
            3,
            "every value fits its column's type; gross_amount: '12 pounds' is not a decimal",
        ),
        (
            "orders_1.csv",
            4,
            "the currency is known and has a rate on that day (dbt_project/seeds/fx_rates.csv)",
        ),
        ("orders_1.csv", 5, "status is known; add a new one to the mapping's status_map"),
        ("orders_1.csv", 6, "ordered_at lies between 1970 and tomorrow"),
        ("orders_1.csv", 7, "order_id is given"),
    ]


def test_a_missing_column_stops_the_load_and_is_named(bench: Bench) -> None:
    mapping = loaded_before(bench)
    bench.write("orders_1.csv", "order_id,customer_id,status,currency\no11,c11,completed,EUR\n")
    stops(bench, mapping, r"orders_1.csv: streams.orders: missing column ordered_at", SourceFileError)


def test_an_empty_file_stops_the_load(bench: Bench) -> None:
    mapping = loaded_before(bench)
    bench.write("orders_1.csv", "")
    stops(bench, mapping, r"orders_1.csv: the file is empty \(0 bytes\)", SourceFileError)


def test_a_file_with_a_header_only_stops_the_load(bench: Bench) -> None:
    mapping = loaded_before(bench)
    bench.write("orders_1.csv", HEADER)
    stops(bench, mapping, r"a file holds at least one record.*orders/orders_1.csv: 0 records.*Nothing landed")


def test_a_duplicate_file_is_skipped_without_harm(bench: Bench) -> None:
    mapping = loaded_before(bench)
    before = bench.visible()
    bench.write("orders_1.csv", orders(range(1, 5)))
    assert bench.extract(mapping).duplicates == (("orders_1.csv", "orders_0.csv"),)
    (verdict,) = load(bench, mapping)
    assert (verdict.files, verdict.rows_read) == (0, 0)
    assert bench.visible() == before


def test_ten_bad_rows_of_a_small_file_are_let_through_and_eleven_stop(bench: Bench) -> None:
    mapping = loaded_before(bench)
    bad = [order(number, currency="XXX") for number in range(100, 111)]
    bench.write("orders_1.csv", orders(range(20, 40)) + "".join(bad))
    stops(bench, mapping, r"load of shop.orders: 11 of 31 rows are bad, 10 are allowed.*the currency is known.*: 11")
    bench.write("orders_1.csv", orders(range(20, 40)) + "".join(bad[:10]))
    load(bench, mapping)
    assert (len(bench.landed("order_id")), len(bench.quarantined("record"))) == (24, 10)


def test_of_a_large_file_one_in_a_hundred_rows_may_be_bad(bench: Bench) -> None:
    mapping = loaded_before(bench)
    good, bad = range(1000, 2980), [order(number, at="soon") for number in range(1, 22)]
    bench.write("orders_1.csv", orders(good) + "".join(bad))
    stops(bench, mapping, r"21 of 2,001 rows are bad, 20 are allowed")
    bench.write("orders_1.csv", orders(good) + "".join(bad[:20]))
    load(bench, mapping)
    assert len(bench.quarantined("record")) == 20


def test_a_file_of_which_nothing_is_good_stops_also_when_it_is_small(bench: Bench) -> None:
    mapping = loaded_before(bench)
    bench.write("orders_1.csv", HEADER + "o1,c1\n")
    stops(bench, mapping, r"1 of 1 rows are bad")


def test_a_file_that_lost_more_than_half_of_its_records_stops(bench: Bench) -> None:
    mapping = loaded_before(bench, count=10)
    bench.write("orders_0.csv", orders(range(1, 5)))
    stops(bench, mapping, r"has not lost more than half.*orders/orders_0.csv: 4 records, before 10")
    bench.write("orders_0.csv", orders(range(1, 6)))
    load(bench, mapping)
    assert len(bench.landed("order_id")) == 5


def test_a_stream_that_has_grown_too_old_stops_with_and_without_a_new_file(bench: Bench) -> None:
    bench.write("orders_0.csv", orders(range(1, 5)))
    mapping = bench.mapping({"orders": ORDERS | {"max_age_days": 7}})
    newest = datetime.fromisoformat("2024-05-30 10:00")
    load(bench, mapping, as_of=newest + timedelta(days=7))
    too_late = newest + timedelta(days=7, seconds=1)
    message = r"no older than the mapping's max_age_days.*Too old: orders: newest event 2024-05-30 10:00:00, allowed 7"
    stops(bench, mapping, message, as_of=too_late)
    bench.write("orders_1.csv", HEADER + order(9, at="2024-05-29 10:00:00"))
    stops(bench, mapping, message, as_of=too_late)


def test_a_single_date_in_the_future_does_not_hide_that_a_stream_is_old(bench: Bench) -> None:
    bench.write("orders_0.csv", orders(range(1, 5)) + order(9, at="2999-01-01 00:00:00"))
    mapping = bench.mapping({"orders": ORDERS | {"max_age_days": 7}})
    stops(bench, mapping, "newest event 2024-05-30", as_of=datetime.fromisoformat("2024-06-07"))


def test_a_load_that_was_stopped_cannot_be_landed_by_hand(bench: Bench) -> None:
    mapping = loaded_before(bench)
    before = bench.visible()
    bench.write("orders_1.csv", HEADER + "o1,c1\n")
    with pytest.raises(GateFailed):
        load(bench, mapping)
    with pytest.raises(RuntimeError, match="have not passed gate 1"):
        bench.land()
    assert bench.visible() == before


def test_the_streams_of_a_family_pass_or_stop_together(bench: Bench) -> None:
    lines = {"files": "lines*.csv", "format": "csv", "columns": "same"}
    mapping = bench.mapping({"orders": ORDERS, "order_lines": lines})
    bench.write("orders_1.csv", orders(range(1, 4)))
    bench.write("lines_1.csv", "order_id,line_number,quantity\no1,0,1\n")
    bench.extract(mapping, "orders")
    bench.extract(mapping, "order_lines")
    with pytest.raises(GateFailed, match=r"shop.order_lines: 1 of 1 rows are bad"):
        bench.check(mapping, "orders", "order_lines")
    for stream in ("orders", "order_lines"):
        with pytest.raises(RuntimeError, match="have not passed gate 1"):
            bench.land(stream)


def test_the_thresholds_are_settings(tmp_path) -> None:
    strict = Bench(tmp_path, quarantine_min_rows=0, quarantine_max_share=0)
    strict.write("orders_1.csv", orders(range(1, 50)) + "o99,c99\n")
    stops(strict, strict.mapping({"orders": ORDERS}), "1 of 50 rows are bad, 0 are allowed")

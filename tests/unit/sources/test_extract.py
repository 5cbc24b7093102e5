"""Which files are read, and what a mapping makes of their columns."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from include.sources.readers import SourceFileError
from tests.unit.sources.bench import HEADER, ORDERS, Bench, order, orders

CSV = {"files": "*.csv", "format": "csv"}


def load(bench: Bench, mapping, stream: str = "orders"):
    """Extract and land without asking Great Expectations: these tests are about files, not rules."""
    found = bench.extract(mapping, stream)
    if found.staged:
        (bench.lake.incoming("shop", stream) / "_gate_1_passed").touch()
    bench.land(stream)
    return found


# Which files


def test_a_file_that_has_not_changed_is_not_read_again(bench: Bench) -> None:
    mapping = bench.mapping({"orders": ORDERS})
    bench.write("orders.csv", orders(range(1, 4)))
    assert [report["file"] for report in load(bench, mapping).staged] == ["orders.csv"]
    again = bench.extract(mapping)
    assert (again.staged, again.unchanged, again.duplicates) == ((), ("orders.csv",), ())


def test_a_file_that_has_changed_replaces_its_own_rows(bench: Bench) -> None:
    mapping = bench.mapping({"orders": ORDERS})
    bench.write("orders.csv", orders(range(1, 4)))
    first = load(bench, mapping).staged[0]
    bench.write("orders.csv", orders(range(1, 5)))
    second = load(bench, mapping).staged[0]
    assert first["load_id"] == second["load_id"]
    assert (first["previous_rows"], second["previous_rows"]) == (None, 3)
    assert bench.landed("order_id") == [("o1",), ("o2",), ("o3",), ("o4",)]


def test_a_file_is_read_again_when_its_mapping_has_changed(bench: Bench) -> None:
    bench.write("orders.csv", orders(range(1, 4)))
    load(bench, bench.mapping({"orders": ORDERS}))
    narrower = bench.mapping({"orders": ORDERS | {"where": "order_id <> 'o2'"}})
    load(bench, narrower)
    assert bench.landed("order_id") == [("o1",), ("o3",)]


def test_a_query_reads_views_each_of_which_may_read_those_before(bench: Bench) -> None:
    bench.write("orders.csv", orders(range(1, 4)))
    views = {
        "numbered": "select *, substr(order_id, 2) as number from records",
        "odd": "from numbered where number <> 2",
    }
    spec = ORDERS | {"views": views, "query": "select * from odd"}
    assert bench.typed(bench.mapping({"orders": spec}), "order_id") == [("o1",), ("o3",)]
    load(bench, bench.mapping({"orders": spec}))
    even = views | {"odd": "from numbered where number = 2"}
    assert bench.typed(bench.mapping({"orders": spec | {"views": even}}), "order_id") == [("o2",)]


def test_a_view_that_does_not_fit_is_named_with_the_files_columns(bench: Bench) -> None:
    bench.write("orders.csv", orders(range(1, 4)))
    spec = ORDERS | {"views": {"priced": "select prize from records"}, "query": "select * from priced"}
    with pytest.raises(SourceFileError, match=r'the query does not fit the tables: .*"prize".* The file has order_id'):
        bench.extract(bench.mapping({"orders": spec}))


def test_the_same_content_under_another_name_is_skipped_and_named(bench: Bench) -> None:
    mapping = bench.mapping({"orders": ORDERS})
    bench.write("orders_a.csv", orders(range(1, 4)))
    load(bench, mapping)
    bench.write("orders_b.csv", orders(range(1, 4)))
    found = load(bench, mapping)
    assert found.staged == ()
    assert found.duplicates == (("orders_b.csv", "orders_a.csv"),)
    assert len(bench.landed("order_id")) == 3


def test_two_new_files_with_the_same_content_count_once(bench: Bench) -> None:
    bench.write("orders_a.csv", orders(range(1, 4)))
    bench.write("orders_b.csv", orders(range(1, 4)))
    found = load(bench, bench.mapping({"orders": ORDERS}))
    assert [report["file"] for report in found.staged] == ["orders_a.csv"]
    assert found.duplicates == (("orders_b.csv", "orders_a.csv"),)


def test_a_rotated_file_is_no_duplicate_of_the_name_that_now_holds_something_else(bench: Bench) -> None:
    mapping = bench.mapping({"orders": ORDERS})
    bench.write("orders.csv", orders(range(1, 4)))
    load(bench, mapping)
    bench.write("orders.1.csv", orders(range(1, 4)))
    bench.write("orders.csv", orders(range(4, 7)))
    load(bench, mapping)
    assert bench.landed("order_id") == [(f"o{number}",) for number in range(1, 7)]
    assert bench.extract(mapping).unchanged == ("orders.1.csv", "orders.csv")


def test_a_former_duplicate_is_read_once_its_original_holds_something_else(bench: Bench) -> None:
    mapping = bench.mapping({"orders": ORDERS})
    bench.write("orders_a.csv", orders(range(1, 4)))
    bench.write("orders_b.csv", orders(range(1, 4)))
    load(bench, mapping)
    bench.write("orders_a.csv", orders(range(4, 7)))
    load(bench, mapping)
    assert sorted(bench.landed("order_id")) == [(f"o{number}",) for number in range(1, 7)]


def test_rows_of_a_file_that_has_gone_stay(bench: Bench) -> None:
    mapping = bench.mapping({"orders": ORDERS})
    gone = bench.write("orders_a.csv", orders(range(1, 4)))
    load(bench, mapping)
    gone.unlink()
    bench.write("orders_b.csv", orders(range(4, 6)))
    load(bench, mapping)
    assert len(bench.landed("order_id")) == 5


def test_no_file_at_all_stops_with_the_glob_and_the_folder(bench: Bench) -> None:
    with pytest.raises(SourceFileError, match=rf"streams.orders: no file matches 'orders\*.csv' in {bench.folder}"):
        bench.extract(bench.mapping({"orders": ORDERS}))


def test_what_an_interrupted_load_left_in_the_incoming_area_is_cleared(bench: Bench) -> None:
    left = bench.lake.incoming("shop", "orders") / "0123456789abcdef.parquet"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    bench.write("orders.csv", orders(range(1, 3)))
    bench.extract(bench.mapping({"orders": ORDERS}))
    assert not left.exists()


# Which columns


def test_a_missing_column_is_named_with_what_the_file_has(bench: Bench) -> None:
    bench.write("orders.csv", "order_id,ordered_at,status\n1,2024-05-30,completed\n")
    spec = CSV | {"columns": {"order_id": "order_id", "ordered_at": "created_at", "status": "state"}}
    expected = "orders.csv: streams.orders: missing column created_at, state; the file has order_id, ordered_at, status"
    with pytest.raises(SourceFileError, match=expected):
        bench.extract(bench.mapping({"orders": spec}, currency="EUR"))
    assert bench.reports() == []


def test_a_missing_column_in_an_expression_is_named_too(bench: Bench) -> None:
    bench.write("orders.csv", "id,at\n1,2024-05-30\n")
    columns = {"order_id": "id", "ordered_at": "at", "status": {"value": "completed"}}
    spec = CSV | {"columns": columns | {"tax_amount": {"expression": "paid - net"}}}
    with pytest.raises(SourceFileError, match=r'orders.csv: .*does not fit the file: .*"paid".*The file has id, at'):
        bench.extract(bench.mapping({"orders": spec}, currency="EUR"))


def test_columns_same_takes_what_the_file_has_of_the_contract(bench: Bench) -> None:
    bench.write("orders.csv", "colour," + HEADER + "red," + order(1))
    mapping = bench.mapping({"orders": ORDERS})
    columns = "order_id, customer_id, ordered_at, status, currency, gross_amount, tax_amount, source_status"
    assert bench.typed(mapping, columns) == [
        (
            "o1",
            "c1",
            datetime.fromisoformat("2024-05-30 10:00"),
            "completed",
            "EUR",
            Decimal("1.5000"),
            None,
            "completed",
        )
    ]


def test_columns_same_misses_what_the_contract_requires(bench: Bench) -> None:
    bench.write("orders.csv", "order_id,status\n1,completed\n")
    with pytest.raises(SourceFileError, match="missing column currency, ordered_at; the file has order_id, status"):
        bench.extract(bench.mapping({"orders": ORDERS}))


def test_the_currency_of_the_mapping_is_for_rows_whose_file_has_none(bench: Bench) -> None:
    bench.write("orders.csv", "order_id,ordered_at,status\n1,2024-05-30,completed\n")
    assert bench.typed(bench.mapping({"orders": ORDERS}, currency="GBP"), "currency") == [("GBP",)]
    bench.write("orders.csv", "order_id,ordered_at,status,currency\n1,2024-05-30,completed,usd\n")
    assert bench.typed(bench.mapping({"orders": ORDERS}, currency="GBP"), "currency") == [("USD",)]


def test_one_row_per_folds_the_lines_of_an_order_into_it(bench: Bench) -> None:
    bench.write(
        "lines.csv",
        "order,customer,made,paid\nA,,2024-05-01 09:00,1.10\nB,7,2024-05-02,5\nA,8,2024-05-01 08:00,2.20\n",
    )
    spec = CSV | {
        "one_row_per": ["order"],
        "columns": {
            "order_id": "order",
            "customer_id": "customer",
            "ordered_at": {"expression": "min(made)"},
            "status": {"value": "completed"},
            "gross_amount": {"expression": "sum(paid::decimal(18, 2))"},
        },
    }
    found = bench.typed(bench.mapping({"orders": spec}, currency="EUR"), "_row, order_id, customer_id, gross_amount")
    # A plain column gives the first line's value, also when that is missing; the record is the first line.
    assert found == [(1, "A", None, Decimal("3.3000")), (2, "B", "7", Decimal("5.0000"))]


def test_row_number_within_counts_in_the_order_of_the_file(bench: Bench) -> None:
    bench.write("lines.csv", "order,item,n\nA,x,1\nB,y,2\nA,z,3\nA,x,1\n")
    spec = CSV | {
        "columns": {
            "order_id": "order",
            "line_number": {"row_number_within": ["order"]},
            "product_id": "item",
            "quantity": "n",
        }
    }
    mapping = bench.mapping({"order_lines": spec})
    assert bench.typed(mapping, "order_id, line_number, product_id", "order_lines") == [
        ("A", 1, "x"),
        ("B", 1, "y"),
        ("A", 2, "z"),
        ("A", 3, "x"),
    ]


def test_where_leaves_rows_out_and_keeps_the_numbers_of_the_others(bench: Bench) -> None:
    bench.write("orders.csv", HEADER + order(1) + order(2, status="test") + order(3))
    mapping = bench.mapping({"orders": ORDERS | {"where": "status <> 'test' or status is null"}})
    assert bench.typed(mapping, "_row, order_id") == [(1, "o1"), (3, "o3")]
    assert bench.reports()[0]["rows_read"] == 2


def test_the_status_map_ignores_case_and_leaves_the_shops_own_word_beside(bench: Bench) -> None:
    bench.write("orders.csv", HEADER + order(1, status="PAID") + order(2, status="void") + order(3, status="parked"))
    spec = ORDERS | {"status_map": {"paid": "completed", "Void": "cancelled"}}
    assert bench.typed(bench.mapping({"orders": spec}), "status, source_status") == [
        ("completed", "PAID"),
        ("cancelled", "void"),
        ("parked", "parked"),
    ]


def test_of_rows_with_the_same_key_the_last_one_counts(bench: Bench) -> None:
    bench.write("orders.csv", HEADER + order(1) + order(2) + order(1) + ",c,2024-05-30,completed,EUR,1\n" * 2)
    found = bench.typed(bench.mapping({"orders": ORDERS}), "_row, order_id, _superseded_by")
    assert found == [(1, "o1", 3), (2, "o2", None), (3, "o1", None), (4, None, None), (5, None, None)]


def test_values_that_do_not_fit_are_all_named(bench: Bench) -> None:
    bench.write("orders.csv", HEADER + "o1,c1,yesterday,completed,EUR,12 pounds\n")
    found = bench.typed(bench.mapping({"orders": ORDERS}), "ordered_at, gross_amount, _problem")
    problem = "ordered_at: 'yesterday' is not a timestamp; gross_amount: '12 pounds' is not a decimal"
    assert found == [(None, None, problem)]


def test_a_date_in_the_future_does_not_make_a_stream_look_fresh(bench: Bench) -> None:
    bench.write("orders.csv", HEADER + order(1) + order(2, at="2999-01-01 00:00:00"))
    bench.extract(bench.mapping({"orders": ORDERS}))
    assert bench.reports()[0]["newest_event"] == "2024-05-30 10:00:00"


def test_json_lines_and_parquet_go_the_same_way(bench: Bench) -> None:
    bench.write(
        "orders.jsonl",
        '{"order_id": "o1", "at": "2024-05-30T10:00:00+02:00", "to": {"country": "FR"}, "total": 5.5}\n',
    )
    columns = {"order_id": "order_id", "ordered_at": "at", "status": {"value": "completed"}, "gross_amount": "total"}
    jsonl = {"files": "*.jsonl", "format": "jsonl"}
    jsonl |= {"columns": columns | {"store_id": {"expression": "json_extract_string(\"to\", '$.country')"}}}
    bench.write_parquet("orders.parquet", "select 'o2' as order_id, timestamp '2024-05-30 10:00' as at, 7.25 as total")
    parquet = {"files": "*.parquet", "format": "parquet", "columns": columns}
    mapping = bench.mapping({"orders": [jsonl, parquet]}, currency="EUR", time_zone="Europe/Paris")
    assert sorted(bench.typed(mapping, "order_id, ordered_at, gross_amount, store_id")) == [
        ("o1", datetime.fromisoformat("2024-05-30 08:00"), Decimal("5.5000"), "FR"),
        ("o2", datetime.fromisoformat("2024-05-30 08:00"), Decimal("7.2500"), None),
    ]

"""What has changed of a file's columns is said: what is new, what has gone, what has become something else."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.lake import landing
from include.lake.layout import GATE_1_PASSED
from include.sources.configured import extract_family
from include.sources.drift import changes, once, say, uses
from include.sources.entities import all_entities
from include.sources.mapping import MappingError, StreamSpec
from include.sources.readers import SourceFileError, open_source
from include.sources.schema import MOST_KEYS, SAMPLE, Schema, schema_of
from tests.unit.sources.bench import HEADER, ORDERS, Bench, order, orders


def schema_of_records(folder: Path, *records: Any, deleted: int = 0) -> Schema:
    """The schema of raw records, the last of which are deleted."""
    path = folder / "raw.parquet"
    with duckdb.connect() as con:
        con.execute("create table raw (payload varchar, deleted_at timestamp, pulled_at timestamp)")
        for number, record in enumerate(records, 1):
            gone = "2024-06-01" if number > len(records) - deleted else None
            con.execute("insert into raw values (?, ?, '2024-06-01')", [json.dumps(record), gone])
        con.execute(f"copy raw to '{path}' (format parquet)")
        return schema_of(con, open_source(con, path, StreamSpec(files="*", format="raw", columns="same")))


def column(kind: str, has: int, of: int) -> dict[str, Any]:
    return {"kind": kind, "in": has, "of": of}


def test_the_columns_of_nested_records(tmp_path: Path) -> None:
    first = {"id": 1, "paid": True, "note": None, "by": {"name": "a"}, "lines": [{"p": 1.5}, {"p": 2, "q": "x"}]}
    second = {"id": "o2", "by": {"name": "b", "age": 3}, "lines": [], "tags": ["x", 7], "note": None}
    assert schema_of_records(tmp_path, first, second, {"id": "gone"}, deleted=1) == {
        "id": column("number, text", 2, 2),
        "paid": column("boolean", 1, 2),
        "note": column("", 2, 2),
        "by": column("object", 2, 2),
        "by.name": column("text", 2, 2),
        "by.age": column("number", 1, 2),
        "lines": column("list", 2, 2),
        "lines[]": column("object", 2, 2),
        "lines[].p": column("number", 2, 2),
        "lines[].q": column("text", 1, 2),
        "tags": column("list", 1, 2),
        "tags[]": column("number, text", 2, 2),
    }


def test_keys_that_are_data_are_not_named(tmp_path: Path) -> None:
    many = {f"sku{number}": number for number in range(MOST_KEYS + 1)}
    record = {"by_mail": {"ann@example.org": 1}, "by_day": {"2024-05-30": {"n": 1}}, "stock": many}
    found = schema_of_records(tmp_path, record)
    assert list(found) == ["by_day", "by_day.*", "by_day.*.n", "by_mail", "by_mail.*", "stock"]


def test_of_many_records_an_even_sample_is_looked_at(tmp_path: Path) -> None:
    records = [{"early": 1}] * SAMPLE + [{"late": 1}] * SAMPLE
    assert schema_of_records(tmp_path, *records) == {
        "early": column("number", SAMPLE // 2, SAMPLE),
        "late": column("number", SAMPLE // 2, SAMPLE),
    }
    deep: dict[str, Any] = {}
    for _ in range(30):
        deep = {"a": deep or 1}
    assert max(name.count(".") for name in schema_of_records(tmp_path, deep)) == 11


def test_the_columns_of_a_parquet_file_have_their_kinds_and_an_empty_one_has_none(bench: Bench) -> None:
    path = bench.write_parquet(
        "o.parquet",
        "select 'a' as t, 1.5 as n, true as b, date '2024-05-30' as d, [1] as l, {'x': 1} as o, null::integer as e",
    )
    with duckdb.connect() as con:
        found = schema_of(con, open_source(con, path, StreamSpec(files="*", format="parquet", columns="same")))
    kinds = {"t": "text", "n": "number", "b": "boolean", "d": "time", "l": "list", "o": "object", "e": ""}
    assert found == {name: column(kind, 1, 1) for name, kind in kinds.items()}


def load(number: int, **schema: Any) -> dict[str, Any]:
    day = f"2024-05-{number:02}"
    return {"file": f"{number}.csv", "load_date": day, "loaded_at": f"{day}T04:00:00", "schema": schema}


def found(schema: Schema, *known: dict[str, Any], used: bool = True) -> list[tuple[Any, ...]]:
    names = ("column", "change", "was", "now", "since", "stops")
    return [tuple(one[name] for name in names) for one in changes(schema, known, lambda _: used)]


ID = column("text", 20, 20)


def test_nothing_is_known_before_the_first_load_and_an_empty_file_says_nothing() -> None:
    assert found({"id": ID}) == []
    assert found({}, load(1, id=ID)) == []


def test_a_new_column_stops_nothing_and_its_parts_are_not_told_apart() -> None:
    now = {"id": ID, "gift": column("object", 1, 9), "gift.note": column("text", 1, 1)}
    assert found(now, load(1, id=ID)) == [("gift", "new", None, "object", None, False)]
    assert found(now, load(1, **now)) == []
    # Known, but never with a value: what it is made of is no news either.
    assert found(now, load(1, id=ID, gift=column("", 20, 20))) == []


def test_a_column_that_every_record_had_is_missed_where_the_mapping_uses_it() -> None:
    before = [load(1, id=ID, total=column("number", 10, 10)), load(2, id=ID, total=column("number", 10, 10))]
    now = {"id": column("text", 1, 1)}
    assert found(now, *before) == [("total", "missing", "number", None, "2024-05-02", True)]
    assert found(now, *reversed(before)) == [("total", "missing", "number", None, "2024-05-02", True)]
    assert found(now, *before, used=False) == [("total", "missing", "number", None, "2024-05-02", False)]
    # Fewer than twenty records are no proof.
    assert found(now, before[0]) == [("total", "missing", "number", None, "2024-05-01", False)]
    # Once landed without it, it is one that may be absent.
    assert found(now, *before, load(3, id=ID)) == []


def test_an_optional_column_is_not_missed() -> None:
    now = {"id": column("text", 3, 3)}
    assert found(now, load(1, id=ID, coupon=column("text", 19, 20))) == []
    # One that came later, and was in every record since, is missed like the others.
    assert found(now, load(1, id=ID), load(2, id=ID, fee=column("number", 20, 20))) == [
        ("fee", "missing", "number", None, "2024-05-02", True)
    ]


def test_of_a_list_without_items_and_an_object_without_a_value_nothing_is_missed() -> None:
    whole = {
        "lines": column("list", 20, 20),
        "lines[]": column("object", 40, 40),
        "lines[].price": column("number", 40, 40),
        "by": column("object", 20, 20),
        "by.id": column("text", 20, 20),
    }
    empty = {"lines": column("", 2, 2), "by": column("", 2, 2)}
    assert found(empty, load(1, **whole)) == []
    # A load in which there was nothing to have it says nothing of it.
    priceless = whole | {"lines[]": column("object", 1, 1)}
    del priceless["lines[].price"]
    missing = [("lines[].price", "missing", "number", None, "2024-05-01", True)]
    assert found(priceless, load(1, **whole), load(2, **empty)) == missing


def test_a_column_of_another_kind_stops_and_one_that_is_partly_so_is_told() -> None:
    before = load(1, id=ID, total=column("number", 20, 20))
    assert found({"id": ID, "total": column("text", 1, 1)}, before) == [
        ("total", "retyped", "number", "text", "2024-05-01", True)
    ]
    assert found({"id": ID, "total": column("number, text", 9, 9)}, before) == [
        ("total", "retyped", "number", "number, text", "2024-05-01", False)
    ]
    assert found({"id": ID, "total": column("", 9, 9)}, before) == []
    both = load(2, id=ID, total=column("text", 20, 20))
    assert found({"id": ID, "total": column("number", 1, 1)}, before, both) == []


def test_a_column_that_becomes_an_object_is_told_once() -> None:
    before = load(1, by=column("object", 20, 20), **{"by.id": column("text", 20, 20)})
    assert found({"by": column("text", 1, 1)}, before) == [("by", "retyped", "object", "text", "2024-05-01", True)]


@pytest.mark.parametrize(
    ("name", "used"),
    [
        ("id", True),
        ("total", True),
        ("lines[].price", True),
        ("lines[].pric", False),
        ("attributes.Recipient Email Address", True),
        ("$flow", True),
        ("flow_id", False),
        ("status", False),
        ("paid", True),
        ("net", True),
    ],
)
def test_a_mapping_uses_a_column_whose_every_part_it_names(name: str, used: bool) -> None:
    columns = {
        "order_id": "id",
        "status": {"value": "paid"},
        "ordered_at": {"expression": "payload->>'$.paid'"},
        "gross_amount": {"expression": "item->>'$.price'\n+total"},
        "email": {"expression": "payload->>'/attributes/Recipient Email Address' || '$flow'"},
    }
    views = {"priced": "select *, payload->>'$.net' from records"}
    spec = StreamSpec(
        files="*", format="raw", views=views, query="select * from priced", each="$.lines[*]", columns=columns
    )
    assert uses(spec, all_entities()["orders"])(name) is used


def test_a_mapping_of_the_contracts_own_names_uses_them() -> None:
    used = uses(StreamSpec(files="*", format="csv", columns="same"), all_entities()["orders"])
    assert (used("gross_amount"), used("gift")) == (True, False)


def test_what_has_changed_is_said_in_a_line() -> None:
    before = load(1, id=ID, total=column("number", 20, 20), **{f"c{n}": ID for n in range(10, 20)})
    said = say(changes({"id": column("number", 1, 1), "gift": column("", 1, 1)}, [before], lambda _: True))
    assert said.startswith("c10 is missing; it was text up to 1.csv, loaded 2024-05-01; c11 is missing; ")
    assert said.endswith("c19 is missing; it was text up to 1.csv, loaded 2024-05-01; and 3 more")
    assert say(changes({"id": column("number", 1, 1), "gift": ID}, [load(1, id=ID)], lambda _: True)) == (
        "gift is new (text); id is number; it was text up to 1.csv, loaded 2024-05-01"
    )


WITH_GIFT = HEADER.replace("\n", ",gift\n") + order(9).replace("\n", ",yes\n")


def passed(bench: Bench) -> None:
    (bench.lake.incoming("shop", "orders") / GATE_1_PASSED).touch()


def loaded(bench: Bench) -> Any:
    mapping = bench.mapping({"orders": ORDERS})
    bench.write("orders_0.csv", orders(range(1, 4)))
    bench.extract(mapping)
    passed(bench)
    bench.land()
    return mapping


def test_a_file_with_a_new_column_lands_and_the_column_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mapping = loaded(bench)
    bench.write("orders_1.csv", WITH_GIFT)
    path = bench.settings.data_dir / "shop.yml"
    monkeypatch.setattr("include.sources.configured.get_settings", lambda: bench.settings)
    with caplog.at_level(logging.WARNING):
        assert extract_family(str(path), "shop")["orders"]["changed_columns"] == 1
    assert caplog.messages == ["shop.orders: the columns are not those of before: gift is new (text)"]
    passed(bench)
    (manifest,) = bench.land(load_date="2024-06-02")
    (change,) = manifest["schema_changes"]
    assert (change["column"], change["change"], change["was"], change["now"]) == ("gift", "new", None, "text")
    assert len(bench.landed("order_id")) == 4
    # It is known now. The file's own change stays on record when the file is replaced or read by another mapping.
    bench.write("orders_1.csv", WITH_GIFT + order(10).replace("\n", ",no\n"))
    bench.extract(mapping)
    passed(bench)
    (manifest,) = bench.land(load_date="2024-06-03")
    assert manifest["schema_changes"] == [change]


def test_a_killed_load_leaves_nothing_known_and_is_told_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = loaded(bench)
    bench.write("orders_1.csv", WITH_GIFT)
    bench.write("orders_2.csv", WITH_GIFT.replace("o9", "o10"))
    real, written = landing.write_json, []

    def dies_at_the_second(path: Path, value: object) -> None:
        if written:
            raise SystemExit("killed")
        written.append(path)
        real(path, value)

    bench.extract(mapping)
    passed(bench)
    before = {path: path.read_bytes() for path in bench.lake.root.glob("_loads/**/*.json")}
    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(landing, "write_json", dies_at_the_second)
        bench.land()
    bench.extract(mapping)
    passed(bench)
    bench.land()
    told = [(one["column"], one["change"]) for one in once(bench.lake.manifests())]
    assert told == [("gift", "new")]
    assert sorted(bench.landed("order_id")) == [("o1",), ("o10",), ("o2",), ("o3",), ("o9",)]
    assert {path: path.read_bytes() for path in before} == before
    # Nothing has changed, so nothing is read, landed or told.
    bench.extract(mapping)
    assert bench.land() == []


def test_a_load_that_never_lands_teaches_nothing(bench: Bench) -> None:
    mapping = loaded(bench)
    bench.write("orders_1.csv", WITH_GIFT)
    for _ in range(2):
        (report,) = bench.extract(mapping).staged
        assert [one["column"] for one in report["schema_changes"]] == ["gift"]


def test_a_file_that_lacks_a_mapped_column_says_since_when(bench: Bench) -> None:
    mapping = loaded(bench)
    bench.write("orders_1.csv", "order_id,customer_id,status,currency,gross_amount\no11,c11,completed,EUR,1\n")
    message = (
        r"missing column ordered_at.*Compared with the files before: ordered_at is missing; it was text up to"
        r" orders_0.csv, loaded \d{4}-\d\d-\d\d\."
    )
    with pytest.raises(SourceFileError, match=message):
        bench.extract(mapping)


def test_a_stream_that_is_not_there_cannot_accept_anything(bench: Bench) -> None:
    with pytest.raises(MappingError, match="accept_schema: no stream carts here; expected orders"):
        bench.mapping({"orders": ORDERS}, accept_schema={"carts": {"total": "text"}})

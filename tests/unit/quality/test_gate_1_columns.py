"""A mapped column that has gone, or has become something else, stops the load until somebody says that it is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.lake.landing import land
from include.quality.gate_1 import GateFailed, gate_1
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.warehouse.meta import record_build
from tests.unit.sources.bench import AS_OF
from tests.unit.sources.pull.toy import ToyBench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToyBench:
    bench = ToyBench(tmp_path, monkeypatch)
    products(bench, 20)
    load(bench, "2024-05-30", "products")
    return bench


def products(bench: ToyBench, count: int, **changed: Any) -> None:
    """Products of the names n0, n1 …; a value of None takes a key out of all of them."""
    records = [{"id": f"p{number}", "name": f"n{number}"} | changed for number in range(count)]
    bench.shop.products[:] = [{key: value for key, value in one.items() if value is not None} for one in records]


def load(bench: ToyBench, end: str, stream: str) -> None:
    """Do what the load DAG does."""
    bench.pull(end, stream)
    mapping = read_mapping(bench.path)
    extract(bench.settings, mapping, stream)
    gate_1(bench.settings, mapping, [stream], AS_OF)
    land(bench.settings, mapping.source, stream, end)


def landed(bench: ToyBench) -> dict[str, bytes]:
    kept = [path for path in bench.lake.root.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in kept if "_incoming" not in path.parts and "_raw" not in path.parts}


def changed(bench: ToyBench) -> list[tuple[Any, ...]]:
    """What the warehouse says of changes, but for the moment."""
    bench.settings.build_warehouse.parent.mkdir(parents=True, exist_ok=True)
    record_build(bench.settings, AS_OF, "run 1")
    with duckdb.connect(str(bench.settings.build_warehouse)) as con:
        return con.execute("select * exclude (seen_at) from meta.schema_changes order by all").fetchall()


def stops(bench: ToyBench, end: str, message: str) -> None:
    before = landed(bench)
    with pytest.raises(GateFailed, match=message):
        load(bench, end, "products")
    assert landed(bench) == before


def test_the_first_load_and_one_like_it_tell_nothing(bench: ToyBench) -> None:
    products(bench, 21)
    load(bench, "2024-05-31", "products")
    assert changed(bench) == []
    assert len(bench.landed("product_id", "products")) == 21


def test_a_new_column_lands_in_the_payload_and_is_in_the_warehouse(bench: ToyBench) -> None:
    products(bench, 21, price={"amount": 1})
    load(bench, "2024-05-31", "products")
    assert len(bench.landed("product_id", "products")) == 21
    row = ("toy", "products", "price", "new", None, "object", None, "products/all.parquet")
    assert changed(bench) == [row]
    raw = duckdb.connect().execute(f"from '{bench.lake.raw('toy')}/products/all.parquet' limit 1").fetchall()
    assert '"price":{"amount":1}' in raw[0][0]


def test_a_mapped_column_that_has_gone_stops_the_load_until_it_is_accepted(bench: ToyBench) -> None:
    products(bench, 21, name=None)
    message = (
        r"load of toy: columns that the mapping uses are not what they were. products, products/all.parquet: name is"
        r" missing; it was text up to products/all.parquet, loaded \d{4}-\d\d-\d\d\. Nothing landed.*"
        r'accept_schema: \{"products": \{"name": "missing"\}\}'
    )
    stops(bench, "2024-05-31", message)
    # The next load stops as well: what did not land is not known.
    stops(bench, "2024-06-01", message)
    bench.write(accept_schema={"products": {"name": "text"}})
    stops(bench, "2024-06-01", message)
    bench.write(accept_schema={"products": {"name": "missing"}})
    load(bench, "2024-06-01", "products")
    assert bench.landed("count(*), count(name)", "products") == [(21, 0)]
    assert len(changed(bench)) == 1
    # From now on it may be absent.
    bench.write()
    products(bench, 22, name=None)
    load(bench, "2024-06-02", "products")
    assert bench.landed("count(*), count(name)", "products") == [(22, 0)]


def test_a_mapped_column_of_another_kind_stops_the_load_until_it_is_accepted(bench: ToyBench) -> None:
    products(bench, 21, name={"en": "a name"})
    message = r'name is object; it was text up to products/all.parquet, loaded \d{4}-\d\d-\d\d.*\{"name": "object"\}'
    stops(bench, "2024-05-31", message)
    bench.write(
        accept_schema={"products": {"name": "object"}},
        columns={"products": {"name": {"expression": "payload->>'$.name.en'"}}},
    )
    load(bench, "2024-06-01", "products")
    assert bench.landed("distinct name", "products") == [("a name",)]
    assert changed(bench)[0][2:6] == ("name", "retyped", "text", "object")


def test_a_mapping_that_no_longer_uses_a_column_does_not_miss_it(bench: ToyBench) -> None:
    products(bench, 21, name=None, title="new")
    stops(bench, "2024-05-31", "name is missing")
    bench.write(columns={"products": {"name": {"expression": "payload->>'$.title'"}}})
    load(bench, "2024-05-31", "products")
    assert bench.landed("distinct name", "products") == [("new",)]


def test_a_column_that_not_every_record_had_is_not_missed(bench: ToyBench) -> None:
    bench.shop.products[3].pop("name")
    load(bench, "2024-05-31", "products")
    products(bench, 21, name=None)
    load(bench, "2024-06-01", "products")
    assert changed(bench) == []


def test_a_window_without_records_says_nothing(bench: ToyBench) -> None:
    bench.shop.products.clear()
    load(bench, "2024-05-31", "products")
    assert changed(bench) == []
    # Nor does it make anybody forget.
    products(bench, 21, name=None)
    stops(bench, "2024-06-01", "name is missing")


def test_records_of_a_stopped_window_wait_and_land_with_the_next(bench: ToyBench) -> None:
    for number in range(20):
        bench.shop.put(f"o{number}", "2024-05-20T00:00:00Z")
    load(bench, "2024-05-21", "orders")
    bench.shop.put("o20", "2024-05-22T00:00:00Z")
    record = bench.shop.orders["o20"][1]
    assert record
    record["status"] = {"name": "paid"}
    with pytest.raises(
        GateFailed, match=r"orders, orders/until_20240523T000000Z.parquet: status is object; it was text"
    ):
        load(bench, "2024-05-23", "orders")
    bench.shop.put("o21", "2024-05-23T12:00:00Z")
    bench.write(
        accept_schema={"orders": {"status": "object"}},
        columns={"orders": {"status": {"expression": "coalesce(payload->>'$.status.name', payload->>'$.status')"}}},
    )
    load(bench, "2024-05-24", "orders")
    assert bench.landed("count(*), count(distinct order_id), min(status)") == [(22, 22, "completed")]

"""A simulated shop through WooCommerce gives the rows of its files, as does Airbyte's copy; and shops stay apart.

Expected are the files' rows with WooCommerce's numbers for their ids, and without what WooCommerce has no place for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from include.demo.apis.places import padded
from include.demo.apis.woocommerce import WooCommerceApi
from include.demo.apis.woocommerce_feed import feed
from include.demo.simulator.run import simulate
from include.lake.landing import land
from include.lake.layout import GATE_1_PASSED, Lake
from include.settings import Settings
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.sources.pull.base import Span
from include.sources.pull.run import pull_family
from include.sources.source_file import read_source_file
from tests.contracts.vendors import connect
from tests.unit.sources.bench import plain_settings
from tests.unit.sources.vendors import shopify_records
from tests.unit.sources.vendors.raw_bench import RawBench
from tests.unit.sources.vendors.shopify_records import ShopifyBench
from tests.unit.sources.vendors.woocommerce_records import line, order

STREAMS = ("customers", "products", "orders", "order_lines", "refunds", "coupon_redemptions")
NUMBERED = {"customer_id", "product_id", "order_id", "refund_id", "redemption_id"}
NOWHERE = {
    "customers": {"loyalty_id", "birth_date"},
    "orders": {"source_status", "store_id", "session_id"},
    "coupon_redemptions": {"campaign_id"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("shop")
    simulate(found / "shop", 200, workers=1)
    return found / "shop"


@pytest.fixture(scope="module")
def api(folder: Path) -> Iterator[WooCommerceApi]:
    found = WooCommerceApi()
    feed(found, folder)
    found.start()
    yield found
    found.stop()


def columns_of(stream: str, folder: Path) -> list[str]:
    described = duckdb.sql(f"describe {file_of(stream, folder)}").fetchall()
    return [row[0] for row in described if row[0] not in NOWHERE.get(stream, ())]


def file_of(stream: str, folder: Path) -> str:
    reader = "read_csv" if stream == "products" else "read_parquet"
    return f"from {reader}('{folder}/{stream}/*')"


def expected(stream: str, folder: Path, columns: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    """Rows of the files, with the vendor's numbers for ids."""
    shown = [
        f"cast(cast(regexp_extract({name}, '[0-9]+$') as bigint) + 1 as varchar)" if name in NUMBERED else shape(name)
        for name in columns or columns_of(stream, folder)
    ]
    return duckdb.sql(f"select {', '.join(shown)} {file_of(stream, folder)} order by all").fetchall()


def shape(name: str) -> str:
    amounts = ("_amount", "_price", "_cost", "quantity", "amount")
    # Blanks around a text are cut wherever it comes from.
    return f"cast({name} as decimal(18, 4))" if name.endswith(amounts) else f"trim({name})" if name == "email" else name


def landed(settings: Settings, source: str, stream: str, columns: list[str]) -> list[tuple[Any, ...]]:
    files = f"{Lake(settings).landed(source, stream)}/load_date=*/*.parquet"
    read = f"read_parquet('{files}', hive_partitioning = false)"
    return duckdb.sql(f"select {', '.join(columns)} from {read} where _deleted_at is null order by all").fetchall()


def load(settings: Settings, path: Path, streams: tuple[str, ...] = STREAMS, end: str = "2026-01-01") -> None:
    found = read_source_file(path)
    assert found is not None
    if found.is_pulled:
        pull_family(settings, path, found, streams, Span(datetime.fromisoformat(end).replace(tzinfo=UTC)))
    bring(settings, path, streams, end)


def bring(settings: Settings, path: Path, streams: tuple[str, ...], end: str) -> None:
    """Map and land what was pulled; gate 1 is another test's business."""
    mapping = read_mapping(path)
    for stream in streams:
        extract(settings, mapping, stream)
        (Lake(settings).incoming(mapping.source, stream) / GATE_1_PASSED).touch()
        land(settings, mapping.source, stream, end[:10])


def source(folder: Path, monkeypatch: pytest.MonkeyPatch, api: WooCommerceApi, name: str) -> Path:
    connect(monkeypatch, name, host=api.url, login=api.key, password=api.secret)
    content = {"source": name, "vendor": "woocommerce", "connection": name, "time_zone": "America/New_York"}
    path = folder / f"{name}.yml"
    path.write_text(yaml.safe_dump(content | {"options": {"requests_per_second": 10_000}}))
    return path


def test_the_shop_comes_back_as_its_files_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: WooCommerceApi, folder: Path
) -> None:
    settings = plain_settings(tmp_path / "data")
    load(settings, source(tmp_path, monkeypatch, api, "woo"))
    for stream in STREAMS:
        rows = landed(settings, "woo", stream, columns_of(stream, folder))
        assert rows == expected(stream, folder), stream
        assert len(rows) > 100


def test_one_cent_less_is_seen(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = WooCommerceApi()
    feed(api, folder)
    record = api.store.get("orders", padded(35))
    assert record is not None
    record["line_items"][0]["subtotal"] = f"{float(record['line_items'][0]['subtotal']) - 0.01:.2f}"
    api.put("orders", record)
    api.start()
    settings = plain_settings(tmp_path / "data")
    load(settings, source(tmp_path, monkeypatch, api, "woo"), ("orders", "order_lines"))
    api.stop()
    for stream in ("orders", "order_lines"):
        rows = landed(settings, "woo", stream, columns_of(stream, folder))
        assert len(set(rows) - set(expected(stream, folder))) == 1


def test_airbytes_tables_of_the_shop_give_the_same_rows(tmp_path: Path, api: WooCommerceApi, folder: Path) -> None:
    bench = RawBench(tmp_path, "woocommerce", "airbyte", time_zone="America/New_York")
    for table, rows in airbyte_tables(api).items():
        bench.table(table, rows)
    # Airbyte's schema of products knows no brand and no cost.
    unknown = {"brand", "unit_cost"}
    for stream in STREAMS:
        columns = columns_of(stream, folder)
        kept = [place for place, name in enumerate(columns) if name not in unknown]
        shown = ", ".join(columns[place] for place in kept)
        rows = duckdb.sql(f"select {shown} {incoming(bench, stream)} where _deleted_at is null").fetchall()
        wanted = [tuple(row[place] for place in kept) for row in expected(stream, folder)]
        assert sorted(rows, key=str) == sorted(wanted, key=str), stream


def incoming(bench: RawBench, stream: str) -> str:
    extract(bench.settings, read_mapping(bench.path), stream)
    return f"from read_parquet('{bench.lake.incoming('shop', stream)}/*.parquet', filename = true)"


def airbyte_tables(api: WooCommerceApi) -> dict[str, list[dict[str, Any]]]:
    """Convert the shop's records to the columns of Airbyte's tables, every order twice, as appended syncs leave it."""
    tables = {
        "customers": records(api, "customers"),
        "products": [without(one, "brands", "cost_of_goods_sold") for one in records(api, "products")],
        "product_categories": records(api, "products/categories"),
        "product_variations": [variation()],
        "orders": records(api, "orders"),
        "refunds": [
            one | {"_links": {"up": [{"href": f"https://shop.example/wp-json/wc/v3/orders/{int(key[:12])}"}]}}
            for key, one in keyed(api, "refunds")
        ],
    }
    now = {name: [with_time(one, "2026-01-02 03:04:05+00") for one in rows] for name, rows in tables.items()}
    before = [with_time(one | {"status": "pending"}, "2026-01-01 03:04:05+00") for one in tables["orders"]]
    return now | {"orders": now["orders"] + before}


def with_time(record: dict[str, Any], at: str) -> dict[str, Any]:
    # Airbyte makes timestamps with a zone of what the API gives without one; PostgreSQL shows them in its own.
    created = record.get("date_created_gmt")
    shown = {"date_created_gmt": f"{created.replace('T', ' ')}+00"} if created else {}
    return record | shown | {"_airbyte_extracted_at": at}


def variation() -> dict[str, Any]:
    # Of a product that is not in the table: nothing may come of it.
    up = {"up": [{"href": "https://shop.example/wp-json/wc/v3/products/999999"}]}
    return {"id": 1, "price": "1.00", "regular_price": "1.00", "attributes": [], "_links": up}


def keyed(api: WooCommerceApi, resource: str) -> list[tuple[str, dict[str, Any]]]:
    return [(row.id, json.loads(row.payload)) for row in api.store.page(resource, 1_000_000, by_id=True)]


def records(api: WooCommerceApi, resource: str) -> list[dict[str, Any]]:
    return [record for _, record in keyed(api, resource)]


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in names}


def test_shops_with_the_same_ids_stay_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings, shops = plain_settings(tmp_path / "data"), {"north": WooCommerceApi(), "south": WooCommerceApi()}
    for quantity, (name, api) in enumerate(shops.items(), 1):
        amounts = (f"{10 * quantity}.00", "0.00", f"{10 * quantity}.00", "0.00")
        for number in (1, 2):
            api.put("orders", order(number, number=f"{name}-{number}", line_items=[line(7, quantity, *amounts)]))
        api.start()
        load(settings, source(tmp_path, monkeypatch, api, name), ("orders", "order_lines"), "2026-02-01")
    shops["north"].trash("orders", 1, "2026-02-01T10:00:00")
    load(settings, tmp_path / "north.yml", ("orders", "order_lines"), "2026-02-02")
    for api in shops.values():
        api.stop()
    bench = ShopifyBench(tmp_path)
    bench.put("orders", *(shopify_records.order(number, name=f"shopify-{number}") for number in (1, 2)))
    bring(settings, bench.path, ("orders", "order_lines"), "2026-02-02")
    assert present(settings, "orders", "order_number, gross_amount") == [
        ("north", "2", "north-2", "10.0000"),
        ("shop", "1", "shopify-1", "40.0000"),
        ("shop", "2", "shopify-2", "40.0000"),
        ("south", "1", "south-1", "20.0000"),
        ("south", "2", "south-2", "20.0000"),
    ]
    assert present(settings, "order_lines", "quantity") == [
        ("north", "2", "1.0000"),
        ("shop", "1", "2.0000"),
        ("shop", "2", "2.0000"),
        ("south", "1", "2.0000"),
        ("south", "2", "2.0000"),
    ]


def present(settings: Settings, stream: str, columns: str) -> list[tuple[Any, ...]]:
    """Rows of all sources that staging keeps: of each order those of its last landing, unless they are deleted."""
    files = f"{Lake(settings).root}/*/{stream}/load_date=*/*.parquet"
    read = f"from read_parquet('{files}', hive_partitioning = false)"
    last = f"select _source, coalesce(_parent, order_id) as order_id, max(_loaded_at) as _loaded_at {read} group by all"
    rows = duckdb.sql(
        f"select _source, order_id, {columns} {read} semi join ({last}) using (_source, order_id, _loaded_at)"
        " where _deleted_at is null order by all"
    ).fetchall()
    return [tuple(map(str, row)) for row in rows]

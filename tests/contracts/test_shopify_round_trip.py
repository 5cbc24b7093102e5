"""The simulated shop, told by Shopify's API, comes out as its own files say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from include.demo.apis.shopify_feed import OPTIONS, STREAMS, feed
from include.demo.simulator.run import simulate
from include.sources.entities import all_entities
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.sources.pull.base import Span
from include.sources.pull.run import pull_family
from include.sources.source_file import read_source_file
from tests.contracts.shopify_spec import CheckedShopify
from tests.unit.sources.bench import plain_settings
from tests.unit.sources.vendors.shopify_records import ShopifyBench

SIMULATED = Path(__file__).parents[2] / "include" / "sources" / "mappings" / "simulated.yml"
END = datetime(2026, 1, 1, tzinfo=UTC)
# The simulated shop has words of its own: fulfilled, payment_pending, voided.
OTHER_WORDS = {"source_status"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The files, as typed contract rows, and the stand-in that was fed with them."""
    folder = tmp_path_factory.mktemp("files")
    settings = plain_settings(folder / "data")
    simulate(settings.data_dir / "sources" / "simulated", customers=200, seed=7, workers=1)
    for stream in STREAMS:
        extract(settings, read_mapping(SIMULATED), stream)
    api = CheckedShopify("a token")
    feed(api, settings.data_dir / "sources" / "simulated")
    api.start()
    yield SimpleNamespace(files=settings.data_dir / "lake" / "_incoming" / "simulated", api=api)
    api.stop()


def pulled(
    world: SimpleNamespace, folder: Path, monkeypatch: pytest.MonkeyPatch, *ends: datetime, **options: object
) -> ShopifyBench:
    monkeypatch.setenv(
        "AIRFLOW_CONN_SHOPIFY_SHOP", json.dumps({"conn_type": "http", "host": world.api.url, "password": "a token"})
    )
    bench = ShopifyBench(folder, **(OPTIONS | {"poll_seconds": 0.01} | options))
    found = read_source_file(bench.path)
    assert found
    for end in ends:
        pull_family(bench.settings, bench.path, found, STREAMS, Span(end))
    return bench


def latest(bench: ShopifyBench, stream: str) -> str:
    """The rows that staging would keep: of each key the last landing, of a parent's only those of its last landing."""
    extract(bench.settings, read_mapping(bench.path), stream)
    keys = ", ".join(all_entities()[stream].key)
    parent = f"coalesce(_parent, {all_entities()[stream].key[0]})"
    files = f"read_parquet('{bench.lake.incoming('shop', stream)}/*.parquet')"
    return (
        f"(select * from (select *, max(_seen_at) over (partition by {parent}) as newest,"
        f" row_number() over (partition by {keys} order by _seen_at desc) as nth from {files})"
        " where _deleted_at is null and nth = 1 and _seen_at = newest)"
    )


def differences(bench: ShopifyBench, world: SimpleNamespace, stream: str) -> list[tuple[object, ...]]:
    names = [name for name in all_entities()[stream].column_names if name not in OTHER_WORDS]
    columns = ", ".join(names)
    files = f"select {columns} from read_parquet('{world.files}/{stream}/*.parquet')"
    mine = f"select {columns} from {latest(bench, stream)}"
    return duckdb.sql(
        f"(select 'only in the files', * from (({files}) except all ({mine})))"
        f" union all (select 'only from the API', * from (({mine}) except all ({files})))"
    ).fetchall()


@pytest.mark.parametrize("bulk_above", [25_000, 100])
def test_the_api_gives_the_rows_of_the_files(
    world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bulk_above: int
) -> None:
    bench = pulled(world, tmp_path, monkeypatch, END, bulk_above=bulk_above)
    for stream in STREAMS:
        assert differences(bench, world, stream) == [], stream
    assert world.api.violations == []


@pytest.mark.slow
def test_thirty_daily_loads_give_what_one_load_gives(
    world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = pulled(world, tmp_path, monkeypatch, *(END - timedelta(days=30 - day) for day in range(31)))
    for stream in STREAMS:
        assert differences(bench, world, stream) == [], stream


def test_a_difference_is_found(world: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = pulled(world, tmp_path, monkeypatch, END, money="shop")
    assert differences(bench, world, "orders") != []

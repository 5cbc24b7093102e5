"""The simulated shop read from Shopify, Google Ads, Meta Ads and Klaviyo is the shop read from its files, row for row.

The stand-ins are real HTTP servers; what they answer is checked against the vendors' descriptions elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from include.demo.choice import DemoError
from include.demo.simulator import simulate
from include.demo.sources import FED, files_left, parse_sources, vendor_sources
from include.lake.landing import land
from include.lake.layout import GATE_1_PASSED, Lake
from include.settings import PROJECT_ROOT, Settings
from include.sources import configured
from include.sources.entities import FAMILIES, all_entities
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.sources.pull.base import Span
from tests.unit.sources.bench import plain_settings

pytestmark = pytest.mark.slow
PERSONS, SEED = 150, 3
END = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a small simulated shop."""
    folder = tmp_path_factory.mktemp("simulated") / "sources" / "simulated"
    simulate(folder, PERSONS, SEED, 1, progress=lambda line: None)
    return folder


def data_dir(folder: Path, shop: Path) -> Settings:
    (folder / "sources").mkdir(parents=True)
    (folder / "sources" / "simulated").symlink_to(shop)
    mapping = PROJECT_ROOT / "include" / "sources" / "mappings" / "simulated.yml"
    return plain_settings(folder, sources=(mapping,), time_zone="Europe/Berlin")


def load(settings: Settings, *ends: datetime) -> None:
    """Pull up to each of the ends, then extract and land every source; gate 1 has its own tests."""
    for path in settings.sources:
        mapping = read_mapping(path)
        for family in FAMILIES:
            streams = configured.streams_of(mapping, family)
            if streams:
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(configured, "get_settings", lambda: settings)
                    for end in ends:
                        configured.pull(str(path), family, Span(end))
            for stream in streams:
                extract(settings, mapping, stream)
                (Lake(settings).incoming(mapping.source, stream) / GATE_1_PASSED).touch()
                land(settings, mapping.source, stream, "2026-01-01")


def rows(settings: Settings, stream: str) -> list[tuple[Any, ...]]:
    """A stream's records as staging takes them: each in its last version, none that was deleted."""
    entity = all_entities()[stream]
    files = f"{Lake(settings).root}/[!_]*/{stream}/load_date=*/*.parquet"
    # The shops' own words differ: a file says `shipped` where Shopify says PAID.
    columns = [name for name in entity.column_names if name != "source_status"]
    ranked = (
        f"select *, row_number() over (partition by _source, {', '.join(entity.key)} order by _loaded_at desc) as nth,"
        " max(_loaded_at) over (partition by _source, _parent) as last from"
        f" read_parquet('{files}', hive_partitioning = false, union_by_name = true)"
    )
    with duckdb.connect() as con:
        return con.execute(
            f"select _source, {', '.join(columns)} from ({ranked})"
            " where nth = 1 and _deleted_at is null and (_parent is null or _loaded_at = last) order by all"
        ).fetchall()


@pytest.fixture(scope="module")
def from_files(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Settings:
    settings = data_dir(tmp_path_factory.mktemp("files") / "data", shop)
    load(settings, END)
    return settings


@contextmanager
def connected(folder: Path, shop: Path) -> Iterator[Settings]:
    """Settings under which the four vendors' stand-ins are the sources."""
    settings = data_dir(folder / "data", shop)
    with vendor_sources(tuple(FED), settings, lambda line: None) as sources, pytest.MonkeyPatch.context() as patch:
        for name, fields in sources.connections.items():
            patch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))
        yield sources.settings


@pytest.fixture(scope="module")
def from_vendors(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Iterator[Settings]:
    with connected(tmp_path_factory.mktemp("vendors"), shop) as settings:
        load(settings, END)
        yield settings


def test_every_stream_is_the_same_from_vendors_and_from_files(from_files: Settings, from_vendors: Settings) -> None:
    assert_same(from_vendors, from_files)


@pytest.mark.slow
def test_thirty_days_pulled_one_by_one_are_one_full_load(from_files: Settings, tmp_path: Path, shop: Path) -> None:
    with connected(tmp_path, shop) as settings:
        load(settings, *(END - timedelta(days=30 - day) for day in range(31)))
        raw = sorted(Lake(settings).raw("shopify").glob("orders/until_*.parquet"))
        assert len(raw) == 31
        # The days brought their own orders, the first pull all before.
        counts = [pq.read_metadata(path).num_rows for path in raw]
        assert counts[0] > sum(counts[1:]) > 30
        assert_same(settings, from_files)
        # The known-bad case: without one of the pulls the comparison finds what is missing.
        landed = Lake(settings).root.glob("[!_]*/orders/load_date=*/*.parquet")
        max(landed, key=lambda path: path.stat().st_size).unlink()
        with pytest.raises(AssertionError, match="orders"):
            assert_same(settings, from_files)


def assert_same(vendors: Settings, files: Settings) -> None:
    for stream in all_entities():
        if not list(Lake(files).root.glob(f"simulated/{stream}/*/*.parquet")):
            continue
        expected, came = rows(files, stream), rows(vendors, stream)
        assert expected, stream
        assert len(came) == len(expected), stream
        differing = [pair for pair in zip(came, expected, strict=True) if pair[0] != pair[1]]
        assert not differing, (stream, differing[:2])


def test_a_second_pull_brings_nothing_twice(from_vendors: Settings) -> None:
    before = {stream: rows(from_vendors, stream) for stream in ("orders", "order_lines", "email_events")}
    load(from_vendors, END + timedelta(days=1))
    assert {stream: rows(from_vendors, stream) for stream in before} == before


def test_each_stream_has_one_origin_for_each_row(shop: Path) -> None:
    left = files_left(("shopify", "google_ads", "klaviyo"), shop)["streams"]
    assert "orders" not in left
    assert left["ad_performance"]["where"] == "platform <> 'google_ads'"
    assert left["consents"]["where"] == "channel = 'ads'"
    # Both ad platforms together leave nothing of it, and an empty file would stop the load.
    assert "ad_performance" not in files_left(tuple(FED), shop)["streams"]


def test_an_unknown_vendor_or_another_data_set_is_named() -> None:
    with pytest.raises(DemoError, match=r"SOURCES=shopify,magento: there is no stand-in for magento; expected any of"):
        parse_sources("shopify,magento", "simulated")
    with pytest.raises(DemoError, match=r"goes with DATASET=simulated"):
        parse_sources("shopify", "cdnow")
    assert parse_sources("", "cdnow") == ()

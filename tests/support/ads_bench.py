"""A lake and a source file of an ad platform, pulled from a stand-in, or read from the tables of another tool."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from include.lake.landing import land
from include.lake.layout import GATE_1_PASSED, Lake
from include.sources.check import check_source
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.sources.pull.base import Finding, Span
from include.sources.pull.raw import pulled
from include.sources.pull.run import pull_family
from include.sources.source_file import find_vendor, options_of, read_source_file
from tests.unit.sources.bench import plain_settings

PULLED_AT = datetime(2025, 3, 4)  # noqa: DTZ001 - the lake keeps UTC without an offset
COLUMNS = (
    "date",
    "platform",
    "campaign_id",
    "campaign_name",
    "ad_set_id",
    "ad_id",
    "spend",
    "impressions",
    "clicks",
    "platform_conversions",
    "currency",
)
SELECTED = ", ".join(f"cast({name} as varchar)" for name in COLUMNS)


def write_day_file(folder: Path, *rows: str) -> Path:
    """Write ad_performance as a simulated shop has it; a row is the values of COLUMNS, parted by commas."""
    path = folder / "ad_performance" / "part-0000.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n")
    return folder


def rows_of(folder: Path, platform: str) -> list[tuple[str, ...]]:
    """Return a platform's rows of such files, typed as the contract types them."""
    query = f"""
        select date, platform, campaign_id, campaign_name, ad_set_id, ad_id, cast(cast(spend as decimal(18, 4)) as
        varchar), impressions, clicks, cast(cast(platform_conversions as decimal(18, 4)) as varchar), currency
        from read_csv('{folder}/ad_performance/*.csv', all_varchar = true) where platform = '{platform}' order by all
    """
    return duckdb.connect().execute(query).fetchall()


class AdsBench:
    """One source of one vendor."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, account: dict[str, Any] | None = None, **source: Any
    ) -> None:
        self.settings = plain_settings(folder / "data")
        self.lake = Lake(self.settings)
        self.name = source["source"]
        self.path = folder / f"{self.name}.yml"
        if account is not None:
            monkeypatch.setenv(f"AIRFLOW_CONN_{source['connection'].upper()}", json.dumps(account))
        self.write(**source)

    def write(self, **source: Any) -> None:
        self.path.write_text(yaml.safe_dump({"time_zone": "Europe/Berlin"} | source))

    def pull(self, end: str) -> list[dict[str, Any]]:
        found = read_source_file(self.path)
        assert found is not None
        span = Span(datetime.fromisoformat(end).replace(tzinfo=UTC))
        return pull_family(self.settings, self.path, found, ["ad_performance"], span)

    def load(self, end: str) -> list[tuple[str, ...]]:
        """Pull, extract, land, and return the contract's rows in the lake."""
        self.pull(end)
        return self.land()

    def land(self) -> list[tuple[str, ...]]:
        extract(self.settings, read_mapping(self.path), "ad_performance")
        (self.lake.incoming(self.name, "ad_performance") / GATE_1_PASSED).touch()
        land(self.settings, self.name, "ad_performance", "2026-01-01")
        files = f"{self.lake.landed(self.name, 'ad_performance')}/load_date=*/*.parquet"
        query = f"select {SELECTED} from read_parquet('{files}', hive_partitioning = false) order by all"
        return duckdb.connect().execute(query).fetchall()

    def check(self) -> list[Finding]:
        return list(check_source(self.path))

    def put_raw(self, records: list[dict[str, Any]], *days: str) -> None:
        """Lay records where pulling them would have laid them."""
        found = read_source_file(self.path)
        assert found is not None
        vendor = find_vendor(found.vendor)
        [resource] = vendor.resources(options_of(found, self.path))
        with pulled(self.lake.raw(self.name) / resource.name, resource, [records], PULLED_AT) as read:
            read.land_days([date.fromisoformat(day) for day in days], date.min)

    def put_table(self, name: str, rows: list[dict[str, Any]], is_text: bool = False) -> None:
        """Lay a table where another tool would have left it.

        Args:
            name: of the table.
            rows: all with the same keys.
            is_text: as it comes out of PostgreSQL, every column text.
        """
        folder = self.path.parent / "tables" / name
        folder.mkdir(parents=True, exist_ok=True)
        if is_text:
            rows = [{key: None if value is None else str(value) for key, value in row.items()} for row in rows]
        pq.write_table(pa.Table.from_pylist(rows), folder / "all.parquet")

    def raw_files(self) -> list[str]:
        return sorted(path.name for path in (self.lake.raw(self.name) / "days").glob("*"))

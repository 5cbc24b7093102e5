"""A lake into which a vendor's records or a tool's tables are laid, and the contract rows that come of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from include.lake.layout import Lake
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.sources.pull.base import Deleted
from include.sources.pull.raw import pulled
from include.sources.source_file import find_vendor
from tests.unit.sources.bench import plain_settings

PULLED_AT = datetime(2026, 2, 1)  # noqa: DTZ001 - the lake keeps UTC without an offset
Json = dict[str, Any]


class RawBench:
    """One source of a vendor.

    Attributes:
        base: folder of a tool's tables.
    """

    def __init__(self, folder: Path, vendor: str, shape: str = "perennial", **source: Any) -> None:
        self.settings = plain_settings(folder / "data")
        self.lake = Lake(self.settings)
        self.vendor = find_vendor(vendor)
        self.options = self.vendor.options(**source.get("options", {}))
        self.base = folder / "tables"
        self.path = folder / "source.yml"
        content: Json = {"source": "shop", "vendor": vendor, "shape": shape, "time_zone": "Europe/Berlin"}
        content |= {"connection": "shop"} if shape == "perennial" else {"base": str(self.base)}
        self.path.write_text(yaml.safe_dump(content | source))

    def put(self, resource: str, *records: Mapping[str, Any] | Deleted, at: datetime = PULLED_AT) -> None:
        """Lay a file of raw records."""
        found = next(one for one in self.vendor.resources(self.options) if one.name == resource)
        with pulled(self.lake.raw("shop") / resource, found, [records], at) as read:
            read.land(f"until_{at:%Y%m%dT%H%M%SZ}.parquet")

    def table(self, name: str, rows: Iterable[Json]) -> None:
        """Lay a table as a tool has it: nested values are JSON text, and every column is text."""
        folder = self.base / name
        folder.mkdir(parents=True, exist_ok=True)
        lines = folder / "rows.jsonl"
        flat = [{key: _text(value) for key, value in row.items()} for row in rows]
        lines.write_text("\n".join(map(json.dumps, flat)))
        names = dict.fromkeys(key for row in flat for key in row)
        types = "{" + ", ".join(f"'{key}': 'VARCHAR'" for key in names) + "}"
        read = f"read_json('{lines}', format = 'newline_delimited', columns = {types})"
        duckdb.sql(f"copy (from {read}) to '{folder}/all.parquet' (format parquet)")
        lines.unlink()

    def rows(self, stream: str, columns: str, order_by: str = "filename, _row") -> list[tuple[Any, ...]]:
        """Contract rows as they would land, decimals as text; without those that only say that a list is empty."""
        extract(self.settings, read_mapping(self.path), stream)
        files = f"{self.lake.incoming('shop', stream)}/*.parquet"
        query = f"select {columns} from read_parquet('{files}', filename = true) where {KEYS[stream]} is not null"
        return [tuple(map(_plain, row)) for row in duckdb.sql(f"{query} order by {order_by}").fetchall()]

    def said_empty(self, stream: str) -> list[str]:
        """Ids of the parents that are said to have no rows of a stream."""
        extract(self.settings, read_mapping(self.path), stream)
        files = f"{self.lake.incoming('shop', stream)}/*.parquet"
        found = duckdb.sql(
            f"select _parent from read_parquet('{files}') where {KEYS[stream]} is null and _deleted_at is not null"
        ).fetchall()
        return sorted(row[0] for row in found)


# What no row that stands for something lacks.
KEYS = {
    "customers": "customer_id",
    "products": "product_id",
    "orders": "order_id",
    "order_lines": "tax_amount",
    "refunds": "refund_id",
    "coupon_redemptions": "redemption_id",
}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def _plain(value: Any) -> Any:
    from decimal import Decimal

    return f"{value.normalize():f}" if isinstance(value, Decimal) else value

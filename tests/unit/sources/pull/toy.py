"""A vendor small enough to see through: orders with lines, days of ads, and a list of products, in memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest
import yaml

from include.lake.landing import land
from include.lake.layout import GATE_1_PASSED, Lake
from include.settings import Settings
from include.sources import source_file
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.sources.pull.base import Account, Deleted, Finding, Options, Reading, Resource, Span, Vendor, Window
from include.sources.pull.run import pull_family
from include.sources.source_file import read_source_file
from tests.unit.sources.bench import plain_settings

PAGE = 2
MAPPING = {
    "streams": {
        "orders": {
            "files": "orders/*.parquet",
            "format": "raw",
            "columns": {
                "order_id": {"expression": "payload->>'$.id'"},
                "ordered_at": {"expression": "payload->>'$.created'"},
                "status": {"expression": "payload->>'$.status'"},
                "channel": {"value": "${channel}"},
            },
            "status_map": {"paid": "completed"},
        },
        "order_lines": {
            "files": "orders/*.parquet",
            "format": "raw",
            "each": "$.lines[*]",
            "parent": "order_id",
            "columns": {
                "order_id": {"expression": "payload->>'$.id'"},
                "line_number": {"expression": "item->>'$.n'"},
                "quantity": {"expression": "item->>'$.q'"},
            },
        },
        "products": {
            "files": "products/*.parquet",
            "format": "raw",
            "columns": {"product_id": {"expression": "payload->>'$.id'"}, "name": {"expression": "payload->>'$.name'"}},
        },
        "ad_performance": {
            "files": "ads/*.parquet",
            "format": "raw",
            "columns": {
                "date": {"expression": "payload->>'$.date'"},
                "platform": {"value": "toy"},
                "campaign_id": {"value": "c"},
                "ad_set_id": {"value": "s"},
                "ad_id": {"expression": "payload->>'$.ad'"},
                "spend": {"expression": "payload->>'$.spend'"},
                "impressions": {"value": 1},
                "clicks": {"value": 0},
            },
        },
    }
}


class ToyOptions(Options):
    channel: str = "web"
    look_back_days: int = 3


@dataclass
class ToyShop:
    """What the vendor holds.

    Attributes:
        orders: id -> (time of the last change, record; None once deleted).
        before_page: called with the number of each page of orders, from 1, before it is read.
        windows: those asked for, per resource.
    """

    orders: dict[str, tuple[datetime, dict[str, Any] | None]] = field(default_factory=dict)
    products: list[dict[str, Any]] = field(default_factory=list)
    ads: list[dict[str, Any]] = field(default_factory=list)
    before_page: Any = lambda number: None
    windows: list[tuple[str, Window]] = field(default_factory=list)

    def put(self, number: str, at: str, lines: int = 1, status: str = "paid") -> None:
        record = {
            "id": number,
            "created": "2024-05-01T00:00:00Z",
            "updated": at,
            "status": status,
            "lines": [{"n": n + 1, "q": 1} for n in range(lines)],
        }
        self.orders[number] = (moment(at), record)

    def delete(self, number: str, at: str) -> None:
        self.orders[number] = (moment(at), None)

    def read_orders(self, account: Account, window: Window) -> Iterator[list[Any]]:
        self.windows.append(("orders", window))
        after: tuple[datetime, str] | None = None
        number = 0
        while True:
            number += 1
            self.before_page(number)
            changed = sorted(
                (at, name, record)
                for name, (at, record) in self.orders.items()
                if at < window.end
                and (window.start is None or at >= window.start)
                and (after is None or (at, name) > after)
            )[:PAGE]
            if not changed:
                return
            after = changed[-1][:2]
            yield [Deleted({"id": name}, at) if record is None else record for at, name, record in changed]

    def read_products(self, account: Account, window: Window) -> Iterable[list[Any]]:
        return [self.products]

    def read_ads(self, account: Account, window: Window) -> Iterable[list[Any]]:
        self.windows.append(("ads", window))
        assert window.start
        first, last = (f"{day:%Y-%m-%d}" for day in (window.start, window.end))
        return [[one for one in self.ads if first <= one["date"] < last]]

    def vendor(self) -> Vendor:
        resources = (
            Resource(
                "orders", ("orders", "order_lines"), ("id",), Reading.CHANGES, self.read_orders, version="updated"
            ),
            Resource("products", ("products",), ("id",), Reading.ALL, self.read_products),
            Resource(
                "ads", ("ad_performance",), ("date", "ad"), Reading.DAYS, self.read_ads, day="date", look_back_days=9
            ),
        )
        return Vendor(
            open=lambda source, known, options: NoClient(),  # type: ignore[arg-type, return-value]
            resources=lambda options: resources,
            check=lambda account: [Finding("orders"), Finding("ads", "the key lacks the scope ads:read; add it.")],
            options=ToyOptions,
        )


class NoClient:
    def close(self) -> None:
        pass


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class ToyBench:
    """A lake, a toy shop, and a source file that names it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **source: Any) -> None:
        self.shop = ToyShop()
        self.settings: Settings = plain_settings(folder / "data")
        self.lake = Lake(self.settings)
        mappings, vendors = folder / "mappings", folder / "vendors"
        (mappings / "toy").mkdir(parents=True, exist_ok=True)
        vendors.mkdir(exist_ok=True)
        (vendors / "toy.py").touch()
        (mappings / "toy" / "perennial.yml").write_text(yaml.safe_dump(MAPPING))
        module = ModuleType("include.sources.vendors.toy")
        module.VENDOR = self.shop.vendor()  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setattr(source_file, "MAPPINGS", mappings)
        monkeypatch.setattr(source_file, "VENDORS", vendors)
        monkeypatch.setenv("AIRFLOW_CONN_TOY", json.dumps({"conn_type": "http", "host": "http://127.0.0.1"}))
        self.path = folder / "toy.yml"
        self.write(**source)

    def write(self, **source: Any) -> None:
        content = {
            "source": "toy",
            "vendor": "toy",
            "connection": "toy",
            "time_zone": "UTC",
            "currency": "EUR",
        } | source
        self.path.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}))

    def pull(self, end: str, *entities: str, start: str | None = None) -> list[dict[str, Any]]:
        found = read_source_file(self.path)
        assert found is not None
        span = Span(moment(end), moment(start) if start else None)
        return pull_family(self.settings, self.path, found, entities or ("orders", "order_lines"), span)

    def load(self, end: str, *streams: str, start: str | None = None) -> None:
        """Pull, extract and land; gate 1 is another test's business."""
        self.pull(end, *streams, start=start)
        self.land(*streams)

    def land(self, *streams: str) -> None:
        for stream in streams or ("orders", "order_lines"):
            mapping = read_mapping(self.path)
            extract(self.settings, mapping, stream)
            (self.lake.incoming(mapping.source, stream) / GATE_1_PASSED).touch()
            land(self.settings, mapping.source, stream, "2024-06-01")

    def files(self, resource: str = "orders") -> list[str]:
        return sorted(path.name for path in (self.lake.raw("toy") / resource).glob("*"))

    def landed(self, columns: str, stream: str = "orders") -> list[tuple[Any, ...]]:
        files = f"{self.lake.landed('toy', stream)}/load_date=*/*.parquet"
        return (
            duckdb.connect()
            .execute(f"select {columns} from read_parquet('{files}', hive_partitioning = false) order by all")
            .fetchall()
        )

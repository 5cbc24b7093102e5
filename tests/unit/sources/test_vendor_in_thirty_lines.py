"""The vendor that docs/add-a-source.md shows: its blocks, as they stand there, read a real server."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.demo.tools.base import Answer, Request, Tool, route
from include.lake.landing import land
from include.lake.layout import GATE_1_PASSED, Lake
from include.sources import source_file
from include.sources.check import check_source
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.sources.pull.base import PullRefused, Span
from include.sources.pull.run import pull_family
from include.sources.source_file import read_source_file
from tests.unit.sources.bench import plain_settings

PAGE = Path(__file__).parents[3] / "docs" / "add-a-source.md"
STREAMS = ("orders", "order_lines")


class Acme(Tool):
    """The API that the page describes."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[int, dict[str, Any]] = {}
        self.token = "a token"

    def put(self, number: int, updated_at: str, state: str = "paid", lines: int = 1) -> None:
        self.orders[number] = {
            "id": number,
            "customer": {"id": f"c{number}"},
            "placed_at": "2024-05-01T10:00:00",
            "updated_at": updated_at,
            "state": state,
            "currency": "GBP",
            "total": "25.00",
            "lines": [{"sku": f"p{line}", "quantity": 1, "price": "12.50"} for line in range(lines)],
        }

    @route("GET", "/v1/orders")
    def _orders(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Answer(401, {"error": "no such token"})
        since, size = request.query.get("updated_since", ""), min(int(request.query["per_page"]), 2)
        found = [one for _, one in sorted(self.orders.items()) if one["updated_at"] >= since]
        page = int(request.query.get("page", 1))
        return Answer(200, {"orders": found[(page - 1) * size : page * size], "pages": -(-len(found) // size)})


@pytest.fixture
def acme() -> Iterator[Acme]:
    acme = Acme()
    acme.start()
    yield acme
    acme.stop()


class Bench:
    """The page's files where the page puts them, and a lake."""

    def __init__(self, folder: Path, acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
        vendor, mapping, source = blocks()
        self.settings = plain_settings(folder / "data")
        self.lake = Lake(self.settings)
        vendors, mappings = folder / "vendors", folder / "mappings"
        (mappings / "acme").mkdir(parents=True)
        vendors.mkdir()
        (vendors / "acme.py").write_text(vendor)
        (mappings / "acme" / "perennial.yml").write_text(mapping)
        self.path = folder / "my_shop.yml"
        self.path.write_text(source)
        monkeypatch.setattr(source_file, "VENDORS", vendors)
        monkeypatch.setattr(source_file, "MAPPINGS", mappings)
        name = "include.sources.vendors.acme"
        spec = importlib.util.spec_from_file_location(name, vendors / "acme.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        monkeypatch.setitem(sys.modules, name, module)
        connection = {"conn_type": "http", "host": acme.url, "password": acme.token}
        monkeypatch.setenv("AIRFLOW_CONN_MY_SHOP", json.dumps(connection))

    def load(self, end: str) -> None:
        found = read_source_file(self.path)
        assert found is not None
        pull_family(self.settings, self.path, found, STREAMS, Span(datetime.fromisoformat(end).replace(tzinfo=UTC)))
        for stream in STREAMS:
            extract(self.settings, read_mapping(self.path), stream)
            (self.lake.incoming("my_shop", stream) / GATE_1_PASSED).touch()
            land(self.settings, "my_shop", stream, end)

    def landed(self, columns: str, stream: str = "orders") -> list[tuple[Any, ...]]:
        files = f"{self.lake.landed('my_shop', stream)}/load_date=*/*.parquet"
        query = f"select {columns} from read_parquet('{files}', hive_partitioning = false) order by all"
        return duckdb.connect().execute(query).fetchall()


@pytest.fixture
def bench(tmp_path: Path, acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, acme, monkeypatch)


def blocks() -> list[str]:
    """The section's code: the vendor, its mapping, a source file."""
    text = PAGE.read_text(encoding="utf-8")
    section = re.search(r"^## A vendor in thirty lines$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    assert section, f"{PAGE} has no section of this name"
    found = re.findall(r"^```(?:python|yaml)\n(.*?)^```$", section[1], re.MULTILINE | re.DOTALL)
    assert len(found) == 3
    return found


def test_the_vendor_has_thirty_lines_give_or_take_empty_ones() -> None:
    lines = [line for line in blocks()[0].splitlines() if line.strip()]
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 120


def test_its_orders_land_page_by_page_with_their_lines(bench: Bench, acme: Acme) -> None:
    for number, state in enumerate(("paid", "open", "void"), start=1):
        acme.put(number, f"2024-05-0{number}T12:00:00+00:00", state, lines=number % 2 + 1)
    bench.load("2024-06-01")
    assert bench.landed("order_id, customer_id, status, cast(gross_amount as varchar), currency") == [
        ("1", "c1", "completed", "25.0000", "GBP"),
        ("2", "c2", "pending", "25.0000", "GBP"),
        ("3", "c3", "cancelled", "25.0000", "GBP"),
    ]
    assert bench.landed("order_id, line_number, product_id", "order_lines") == [
        ("1", 1, "p0"),
        ("1", 2, "p1"),
        ("2", 1, "p0"),
        ("3", 1, "p0"),
        ("3", 2, "p1"),
    ]
    # Ten o'clock of a London shop, in summer.
    assert bench.landed("distinct cast(ordered_at as varchar)") == [("2024-05-01 09:00:00",)]


def test_the_next_run_asks_for_what_changed_since_ten_minutes_before(bench: Bench, acme: Acme) -> None:
    acme.put(1, "2024-05-01T12:00:00+00:00")
    bench.load("2024-06-01")
    acme.put(1, "2024-06-01T08:00:00+00:00", "void")
    bench.load("2024-06-02")
    assert acme.requests[-1].query["updated_since"] == "2024-05-31T23:50:00+00:00"
    assert bench.landed("status") == [("cancelled",), ("completed",)]


def test_an_order_that_changes_between_two_pages_costs_no_other_its_place(bench: Bench, acme: Acme) -> None:
    for number in range(1, 6):
        acme.put(number, "2024-05-01T12:00:00+00:00")

    def change(request: Request) -> None:
        if request.query.get("page") == "2":
            acme.put(1, "2024-06-01T08:00:00+00:00", "void")
            acme.put(0, "2024-06-01T08:00:00+00:00")

    acme.check = change
    bench.load("2024-06-01")
    assert [number for (number,) in bench.landed("order_id")][-5:] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("fault", ["500", "429:0", "reset-before", "truncated"])
def test_what_passes_is_tried_again(bench: Bench, acme: Acme, fault: str) -> None:
    for number in range(1, 4):
        acme.put(number, "2024-05-01T12:00:00+00:00")
    acme.faults = {2: fault}
    bench.load("2024-06-01")
    assert len(bench.landed("order_id")) == 3


def test_its_check_and_its_load_say_what_is_wrong_with_the_token(bench: Bench, acme: Acme) -> None:
    assert [one.problem for one in check_source(bench.path)] == [None]
    acme.token = "another"
    [finding] = check_source(bench.path)
    assert "HTTP 401" in str(finding.problem) and "'my_shop'" in str(finding.problem)
    with pytest.raises(PullRefused, match="HTTP 401"):
        bench.load("2024-06-01")

"""Reading retailCRM from the stand-in, and the stand-in against recorded answers: there is no specification."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from include.demo.apis.retailcrm import RetailcrmApi
from include.demo.apis.retailcrm_feed import feed
from include.demo.simulator.run import simulate
from include.demo.tools.base import Request
from include.lake.layout import Lake
from include.sources.pull.base import CursorExpired, PullError, PullRefused, Span
from include.sources.pull.run import opened, pull_family
from include.sources.source_file import read_source_file
from include.sources.vendors import retailcrm as module
from tests.contracts.specs import spec_file
from tests.contracts.test_woocommerce_shop import expected, landed, load
from tests.contracts.vendors import connect
from tests.unit.sources.bench import plain_settings
from tests.unit.sources.vendors.retailcrm_records import GROUPS, customer, order, product

KNOWN = {"limit", "page", "filter[sinceId]", "filter[startDate]", "filter[endDate]"}
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def check(request: Request) -> None:
    """Raise for a request that the vendor's documentation does not allow."""
    assert request.method == "GET"
    unknown = {name for name in request.query if name not in KNOWN and not re.fullmatch(r"filter\[ids\]\[\d+\]", name)}
    assert not unknown, f"unknown: {unknown}"
    assert not ("page" in request.query and request.path.endswith("/history"))
    assert all(DATE.fullmatch(value) for name, value in request.query.items() if name.endswith("Date]"))


class Bench:
    """A lake and a source file that names a stand-in."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, crm: RetailcrmApi) -> None:
        monkeypatch.setattr(module, "LIMIT", 20)
        monkeypatch.setattr(module, "PER_SECOND", ())
        self.settings = plain_settings(folder / "data")
        self.path = folder / "crm.yml"
        content = {"source": "crm", "vendor": "retailcrm", "connection": "crm", "time_zone": "Europe/Moscow"}
        self.path.write_text(yaml.safe_dump(content))
        connect(monkeypatch, "crm", host=crm.url, password=crm.key)
        self.crm = crm

    def pull(self, end: str = "2026-02-01", *entities: str) -> list[dict[str, Any]]:
        found = read_source_file(self.path)
        assert found is not None
        span = Span(datetime.fromisoformat(end).replace(tzinfo=UTC))
        return pull_family(self.settings, self.path, found, entities or ("order_lines",), span)

    def records(self, resource: str = "orders") -> list[dict[str, Any]]:
        folder = Lake(self.settings).raw("crm") / resource
        rows = duckdb.sql(
            f"select payload, deleted_at from read_parquet('{folder}/*.parquet', filename = true) order by filename"
        ).fetchall()
        return [json.loads(payload) | ({"deleted": str(at)} if at else {}) for payload, at in rows]

    def ids(self, resource: str = "orders") -> list[int]:
        return sorted(record["id"] for record in self.records(resource))

    def findings(self) -> dict[str, str | None]:
        found = read_source_file(self.path)
        assert found is not None
        with opened(self.path, found) as account:
            return {one.subject: one.problem for one in module.VENDOR.check(account)}


@pytest.fixture
def crm() -> Iterator[RetailcrmApi]:
    api = RetailcrmApi()
    api.check = check
    api.start()
    yield api
    api.stop()
    assert api.violations == []
    assert api.forbidden == []


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crm: RetailcrmApi) -> Bench:
    return Bench(tmp_path, monkeypatch, crm)


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    client = module.Client

    def quick(*args: Any, **options: Any) -> Any:
        return client(*args, **options, first_wait_seconds=0.01, max_wait_seconds=0.05, timeout_seconds=2)

    monkeypatch.setattr(module, "Client", quick)


def fill(crm: RetailcrmApi, numbers: range, at: str | None = None) -> None:
    for number in numbers:
        crm.put("orders", order(number), at)


def before(crm: RetailcrmApi, number: int, act: Any, path: str = "/orders") -> None:
    """Do something before the request of this number to an address is answered."""
    seen = {"requests": 0}

    def checked(request: Request) -> None:
        check(request)
        if request.path.endswith(path):
            seen["requests"] += 1
            if seen["requests"] == number:
                act()

    crm.check = checked


def paths(crm: RetailcrmApi) -> list[str]:
    return [request.path.removeprefix("/api/v5/") for request in crm.requests]


@pytest.mark.parametrize("count", [0, 1, 20, 45])
def test_the_first_load_reads_the_list_by_pages(bench: Bench, count: int) -> None:
    fill(bench.crm, range(1, count + 1))
    bench.pull()
    assert bench.ids() == list(range(1, count + 1))
    assert set(paths(bench.crm)) == {"orders"}


def test_later_loads_read_what_the_history_names(bench: Bench) -> None:
    fill(bench.crm, range(1, 46))
    bench.pull("2026-02-01")
    # Midnight UTC is three in Moscow, and the window begins two hours before.
    bench.crm.put("orders", order(1, status="new"), "2026-02-01 00:59:59")
    fill(bench.crm, range(3, 40), "2026-02-01 12:00:00")
    bench.crm.put("orders", order(50), "2026-02-02 02:59:59")
    bench.crm.put("orders", order(51), "2026-02-02 03:00:01")
    bench.crm.requests.clear()
    bench.pull("2026-02-02")
    assert sorted(record["id"] for record in bench.records()[45:]) == [*range(3, 40), 50]
    history = [request.query for request in bench.crm.requests if request.path.endswith("history")]
    assert {(one["filter[startDate]"], one["filter[endDate]"]) for one in history} == {
        ("2026-02-01 01:00:00", "2026-02-02 03:00:00")
    }
    assert [one.get("filter[sinceId]") for one in history] == [None, "21", "39"]


def test_a_deleted_order_is_deleted(bench: Bench) -> None:
    fill(bench.crm, range(1, 4))
    bench.pull()
    bench.crm.put("orders", order(2, status="new"), "2026-02-01 10:00:00")
    bench.crm.delete("orders", 2, "2026-02-01 15:00:00")
    bench.pull("2026-02-02")
    assert bench.records()[-1] == {"id": 2, "deleted": "2026-02-01 12:00:00"}


def test_a_customer_merged_into_another_is_gone_though_its_history_names_no_deletion(bench: Bench) -> None:
    for number in (1, 2):
        bench.crm.put("customers", customer(number))
    bench.pull("2026-02-01", "customers")
    bench.crm.store.remove("customers", "000000000002")
    bench.crm.filled()
    bench.crm.note("customers", 2, "2026-02-01 15:00:00")
    bench.pull("2026-02-02", "customers")
    assert bench.records("customers")[-1] == {"id": 2, "deleted": "2026-02-01 12:00:00"}


def test_an_order_that_leaves_the_list_makes_it_read_again(bench: Bench) -> None:
    fill(bench.crm, range(1, 46))
    before(bench.crm, 2, lambda: bench.crm.delete("orders", 1, "2026-02-01 00:00:00"))
    bench.pull()
    assert bench.ids() == list(range(2, 46))
    assert len(paths(bench.crm)) == 2 + 3


def test_a_list_that_never_holds_still_is_given_up(bench: Bench) -> None:
    fill(bench.crm, range(1, 46))

    def leave(request: Request) -> None:
        if request.query.get("page", "1") != "1":
            bench.crm.delete("orders", min(int(name) for name in bench.crm._places.ids(("orders", None, None))), "x")

    bench.crm.check = leave
    with pytest.raises(CursorExpired, match="left the list"):
        bench.pull()
    assert list((Lake(bench.settings).raw("crm") / "orders").glob("*.parquet")) == []


def test_an_order_changed_while_it_is_read_comes_in_one_version_and_again_next_time(bench: Bench) -> None:
    bench.pull()
    fill(bench.crm, range(1, 30), "2026-02-01 12:00:00")
    change = lambda: bench.crm.put("orders", order(25, status="new"), "2026-02-02 01:30:00")  # noqa: E731
    before(bench.crm, 2, change)
    bench.pull("2026-02-02")
    assert [record["status"] for record in bench.records() if record["id"] == 25] == ["new"]
    bench.pull("2026-02-03")
    assert [record["id"] for record in bench.records()][29:] == [25]


def test_the_hour_that_comes_twice_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crm: RetailcrmApi
) -> None:
    bench = Bench(tmp_path, monkeypatch, crm)
    bench.path.write_text(bench.path.read_text().replace("Europe/Moscow", "Europe/Berlin"))
    bench.pull("2026-10-24")
    # Clocks go back at 01:00 UTC, from 03:00 to 02:00. 00:50 UTC is 02:50; the window ends at 01:10, which is 02:10.
    crm.put("orders", order(1), "2026-10-25 02:50:00")
    bench.pull("2026-10-25T01:10:00")
    bench.pull("2026-10-25T12:00:00")
    assert set(bench.ids()) == {1}


def test_products_groups_and_statuses_are_whole_lists(bench: Bench) -> None:
    for group in GROUPS:
        bench.crm.put("store/product-groups", group)
    for number in range(1, 25):
        bench.crm.put("store/products", product(number))
    bench.pull("2026-02-01", "products", "orders")
    assert bench.ids("products") == list(range(1, 25))
    assert bench.ids("groups") == [1, 2]
    assert {record["code"]: record["group"] for record in bench.records("statuses")} == bench.crm.statuses


FAULTS = ["500", "503", "429:0", "reset-before", "reset-after", "truncated"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.usefixtures("no_waits")
def test_a_request_that_fails_for_a_while_is_tried_again(bench: Bench, fault: str) -> None:
    bench.pull()
    fill(bench.crm, range(1, 30), "2026-02-01 12:00:00")
    asked = len(bench.crm.requests)
    bench.crm.faults = dict.fromkeys((asked + 1, asked + 2, asked + 4, asked + 6), fault)
    bench.pull("2026-02-02")
    assert bench.ids() == list(range(1, 30))


@pytest.mark.parametrize("fault", [*FAULTS, pytest.param("hang-after", marks=pytest.mark.slow)])
@pytest.mark.usefixtures("no_waits")
def test_a_request_that_fails_for_good_leaves_nothing_behind(bench: Bench, fault: str) -> None:
    fill(bench.crm, range(1, 46))
    bench.crm.faults = dict.fromkeys(range(2, 20), fault)
    with pytest.raises(PullError, match="the next run reads the same window"):
        bench.pull()
    assert list((Lake(bench.settings).raw("crm") / "orders").glob("*.parquet")) == []


def test_more_than_ten_requests_a_second_are_tried_again(bench: Bench) -> None:
    fill(bench.crm, range(1, 100))
    bench.crm.per_second = 3
    bench.pull()
    assert bench.ids() == list(range(1, 100))


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_refusal_inside_an_answer_of_200_is_one(bench: Bench, place: int) -> None:
    bench.pull()
    fill(bench.crm, range(1, 30), "2026-02-01 12:00:00")
    bench.crm.faults = {len(bench.crm.requests) + place: "no:ann@example.com is not yours"}
    with pytest.raises(PullRefused, match="HTTP 200") as refused:
        bench.pull("2026-02-02")
    assert "ann@" not in str(refused.value)


def test_a_refusal_inside_the_first_list_is_one(bench: Bench) -> None:
    bench.crm.faults = {1: "no:a reason"}
    with pytest.raises(PullRefused, match="HTTP 200"):
        bench.pull()


def test_a_history_that_ignores_the_id_does_not_go_on_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.pull()
    fill(bench.crm, range(1, 3), "2026-02-01 12:00:00")
    monkeypatch.setattr("include.demo.apis.retailcrm.bisect_right", lambda *args, **options: 0)
    with pytest.raises(PullError, match="does not go on"):
        bench.pull("2026-02-02")


def test_a_wrong_key_is_refused_without_naming_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "crm", host=bench.crm.url, password="wrong-key")
    with pytest.raises(PullRefused, match="HTTP 403") as refused:
        bench.pull()
    assert "wrong-key" not in str(refused.value)
    assert "order_read" in str(bench.findings()["read /orders"])
    connect(monkeypatch, "crm", host=bench.crm.url)
    with pytest.raises(PullRefused, match="needs host"):
        bench.pull()


def test_a_good_account_is_found_good_and_a_wrong_zone_is_found(bench: Bench) -> None:
    found = bench.findings()
    assert len(found) == 6
    assert set(found.values()) == {None}
    bench.crm.time_zone = "Asia/Omsk"
    assert "Asia/Omsk" in str(bench.findings()["time zone"])


def test_the_stand_in_refuses_what_the_vendor_refuses(bench: Bench) -> None:
    bench.crm.check = None
    found = read_source_file(bench.path)
    assert found is not None
    with opened(bench.path, found) as account:
        for path, asked in (
            ("/orders", {"limit": 30}),
            ("/orders/history", {"filter[sinceId]": 1, "page": 2}),
            ("/orders/history", {"filter[startDate]": "yesterday"}),
        ):
            with pytest.raises(PullRefused, match="HTTP 400"):
                account.client.get(path, asked)


@pytest.mark.parametrize(
    ("sample", "path", "records"),
    [
        ("OrdersTest_103", "/orders/history", "history"),
        ("CustomersTest_058", "/customers/history", "history"),
        ("OrdersTest_099", "/orders", "orders"),
        ("CustomersTest_054", "/customers", "customers"),
        ("StoreTest_172", "/store/products", "products"),
        ("StoreTest_171", "/store/product-groups", "productGroup"),
        ("ReferencesTest_159", "/reference/statuses", "statuses"),
    ],
)
def test_answers_have_no_key_that_was_not_recorded(bench: Bench, sample: str, path: str, records: str) -> None:
    recorded = json.loads(spec_file(f"retailcrm/samples/{sample}.json").read_text(encoding="utf-8"))["response"]
    for resource, record in (("orders", order(1)), ("customers", customer(1)), ("store/products", product(1))):
        bench.crm.put(resource, record, "2026-01-01 00:00:00")
    bench.crm.delete("customers", 1, "2026-01-02 00:00:00")
    bench.crm.put("customers", customer(1))
    bench.crm.put("store/product-groups", GROUPS[1])
    found = read_source_file(bench.path)
    assert found is not None
    with opened(bench.path, found) as account:
        answer = account.client.get(path)
    assert unrecorded(answer, recorded, records) == set()
    assert unrecorded(answer | {"made_up": 1}, recorded, records) == {"made_up"}


def unrecorded(answer: dict[str, Any], recorded: dict[str, Any], records: str) -> set[str]:
    def keys(found: dict[str, Any]) -> set[str]:
        listed = found[records].values() if isinstance(found[records], dict) else found[records]
        assert listed
        return set().union(*(one.keys() for one in listed)) | set(found)

    # Only some of the recorded customers have them.
    optional = {"birthday", "generatedAt"}
    return keys(answer) - keys(recorded) - optional


def test_the_simulated_shop_comes_back_where_prices_contain_tax(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crm: RetailcrmApi
) -> None:
    shop = tmp_path / "shop"
    simulate(shop, 200, workers=1)
    feed(crm, shop)
    bench = Bench(tmp_path, monkeypatch, crm)
    monkeypatch.setattr(module, "LIMIT", 100)
    load(bench.settings, bench.path, ("customers", "products", "orders", "order_lines"))
    euro = duckdb.sql(f"select order_id from read_parquet('{shop}/orders/*') where currency = 'EUR'").fetchall()
    wanted = {str(int(name[1:]) + 1) for (name,) in euro}
    columns = {
        "customers": "customer_id email phone first_name last_name birth_date country registered_at",
        "products": "product_id name category department brand unit_price unit_cost",
        "orders": "order_id order_number customer_id ordered_at status currency gross_amount discount_amount tax_amount"
        " taxes_included shipping_amount channel store_id",
        "order_lines": "order_id line_number product_id quantity unit_price gross_amount discount_amount tax_amount",
    }
    for stream, text in columns.items():
        names = text.split()
        rows = landed(bench.settings, "crm", stream, names)
        files = expected(stream, shop, names)
        if names[0] == "order_id":
            rows = [row for row in rows if row[0] in wanted]
            files = [row for row in files if row[0] in wanted]
        assert rows == files, stream
        assert len(rows) > 100

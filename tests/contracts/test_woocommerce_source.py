"""Reading WooCommerce from the stand-in, and the stand-in against the vendor's documented answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
import yaml

from include.demo.apis.woocommerce import WooCommerceApi
from include.demo.tools.base import Request
from include.lake.layout import Lake
from include.sources.pull.base import Finding, PullError, PullRefused, Span
from include.sources.pull.run import opened, pull_family
from include.sources.source_file import read_source_file
from include.sources.vendors import woocommerce as module
from tests.contracts.specs import spec_file
from tests.contracts.vendors import connect
from tests.unit.sources.bench import plain_settings
from tests.unit.sources.vendors.woocommerce_records import CATEGORIES, customer, line, order, product, refund

SHOP = ("customers", "products", "orders", "order_lines", "refunds", "coupon_redemptions")
# What the vendor documents for these lists, as far as it is used.
PAGED = {"orderby", "order", "per_page", "offset"}
CHANGED = {"modified_after", "modified_before", "dates_are_gmt", "status"}
KNOWN = {
    "orders": PAGED | CHANGED | {"dp"},
    "products": PAGED | CHANGED,
    "products/categories": PAGED,
    "customers": PAGED | {"role"},
    "refunds": {"orderby", "order", "per_page", "page", "dp"},
    "variations": {"orderby", "order", "per_page", "page"},
}


def check(request: Request) -> None:
    """Raise for a request that the vendor's documentation does not allow."""
    path = request.path.removeprefix("/wp-json/wc/v3/")
    name = path if path in KNOWN else path.rsplit("/", 1)[-1]
    assert request.method == "GET"
    assert name in KNOWN, f"no such address: {path}"
    assert set(request.query) <= KNOWN[name], f"unknown: {set(request.query) - KNOWN[name]}"
    assert "consumer_key" not in request.query
    if "modified_after" in request.query:
        assert request.query["dates_are_gmt"] == "true"


@pytest.fixture
def shop() -> Iterator[WooCommerceApi]:
    yield from running()


def running() -> Iterator[WooCommerceApi]:
    api = WooCommerceApi()
    api.check = check
    api.start()
    yield api
    api.stop()
    assert api.violations == []


class Bench:
    """A lake and a source file that names a stand-in."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, shop: WooCommerceApi, **options: Any) -> None:
        monkeypatch.setattr(module, "PER_PAGE", 4)
        self.settings = plain_settings(folder / "data")
        self.path = folder / "woo.yml"
        content = {"source": "woo", "vendor": "woocommerce", "connection": "woo", "time_zone": "UTC"}
        self.path.write_text(yaml.safe_dump(content | {"options": {"requests_per_second": 10_000} | options}))
        connect(monkeypatch, "woo", host=shop.url, login=shop.key, password=shop.secret)
        self.shop = shop

    def pull(self, end: str = "2026-02-01", *entities: str) -> list[dict[str, Any]]:
        found = read_source_file(self.path)
        assert found is not None
        return pull_family(self.settings, self.path, found, entities or ("orders",), Span(moment(end)))

    def records(self, resource: str = "orders") -> list[dict[str, Any]]:
        """All raw records in the lake, by file and place; `deleted` is added to those that are."""
        folder = Lake(self.settings).raw("woo") / resource
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
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shop: WooCommerceApi) -> Bench:
    return Bench(tmp_path, monkeypatch, shop)


@pytest.fixture
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    client = module.Client

    def quick(*args: Any, **options: Any) -> Any:
        return client(*args, **options, first_wait_seconds=0.01, max_wait_seconds=0.05, timeout_seconds=2)

    monkeypatch.setattr(module, "Client", quick)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fill(shop: WooCommerceApi, numbers: range, at: str = "2026-01-10T08:05:00") -> None:
    for number in numbers:
        shop.put("orders", order(number, date_modified_gmt=at))


def before(shop: WooCommerceApi, number: int, act: Any, path: str = "/orders") -> None:
    """Do something before the list's page of this number is answered."""
    seen = {"pages": 0}

    def checked(request: Request) -> None:
        check(request)
        if request.path.endswith(path):
            seen["pages"] += 1
            if seen["pages"] == number:
                act()

    shop.check = checked


def test_every_record_comes_once_whatever_the_page(bench: Bench) -> None:
    fill(bench.shop, range(1, 12))
    bench.pull()
    assert bench.ids() == list(range(1, 12))
    # Overlapping by one: 1-4, 4-7, 7-10, 10-11.
    assert [request.query["offset"] for request in bench.shop.requests] == ["0", "3", "6", "9"]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 7, 8])
def test_a_list_that_ends_with_a_page(bench: Bench, count: int) -> None:
    fill(bench.shop, range(1, count + 1))
    bench.pull()
    assert bench.ids() == list(range(1, count + 1))


def test_orders_that_leave_the_list_between_two_pages_take_no_other_with_them(bench: Bench) -> None:
    fill(bench.shop, range(1, 13))

    def leave() -> None:
        for number in (1, 2, 5):
            bench.shop.delete("orders", number)

    before(bench.shop, 3, leave)
    bench.pull()
    assert bench.ids() == list(range(1, 13))


def test_without_the_overlap_orders_would_be_lost(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The case that the test before would not notice without an order that moves."""
    fill(bench.shop, range(1, 13))

    def step(self: Any, response: Any, data: Any = None) -> None:
        self._place += module.PER_PAGE
        self._has_next_page = self._place < module._total(response)

    monkeypatch.setattr(module.Overlapping, "update_state", step)
    before(bench.shop, 2, lambda: bench.shop.delete("orders", 1))
    bench.pull()
    assert bench.ids() == [1, 2, 3, 4, *range(6, 13)]


def test_all_orders_but_the_first_page_leave(bench: Bench) -> None:
    fill(bench.shop, range(1, 13))
    before(bench.shop, 3, lambda: [bench.shop.delete("orders", number) for number in range(1, 13)])
    bench.pull()
    assert bench.ids() == list(range(1, 8))


@pytest.mark.parametrize("damaged", [{4}, {7}, {4, 7, 10}, {1}, {11, 12}, {4, 5}])
def test_a_record_that_is_counted_but_not_shown_stops_nothing(bench: Bench, damaged: set[int]) -> None:
    fill(bench.shop, range(1, 13))
    bench.shop.damaged = damaged
    bench.pull()
    assert bench.ids() == sorted({*range(1, 13)} - damaged)


def test_a_list_in_which_nothing_can_be_told_is_given_up(bench: Bench) -> None:
    fill(bench.shop, range(1, 20))
    bench.shop.damaged = set(range(3, 17))
    with pytest.raises(PullError, match="does not hold still after id 2"):
        bench.pull()
    assert len(bench.shop.requests) < 200


def test_orders_that_come_or_change_between_two_pages_are_not_doubled(bench: Bench) -> None:
    fill(bench.shop, range(10, 22))
    changed = order(11, status="cancelled", date_modified_gmt="2026-01-31T09:00:00")
    before(bench.shop, 3, lambda: [fill(bench.shop, range(1, 5)), bench.shop.put("orders", changed)])
    bench.pull()
    assert bench.ids() == list(range(10, 22))
    assert len(bench.records()) == 12
    bench.pull("2026-02-02")
    assert {record["id"] for record in bench.records()} == set(range(10, 22))


def test_an_order_read_twice_stands_in_its_last_version(bench: Bench) -> None:
    fill(bench.shop, range(1, 12))
    again = order(7, status="cancelled", date_modified_gmt="2026-01-31T09:00:00")
    before(bench.shop, 3, lambda: bench.shop.put("orders", again))
    bench.pull()
    assert [record["status"] for record in bench.records() if record["id"] == 7] == ["cancelled"]


def test_the_next_run_reads_what_changed_from_an_hour_before(bench: Bench) -> None:
    bench.shop.put("orders", order(1, date_modified_gmt="2026-01-20T00:00:00"))
    bench.shop.put("orders", order(2, date_modified_gmt="2026-01-31T23:00:00"))
    bench.pull("2026-02-01")
    bench.shop.put("orders", order(3, date_modified_gmt="2026-02-01T12:00:00"))
    bench.shop.put("orders", order(4, date_modified_gmt="2026-02-02T00:00:00"))
    bench.pull("2026-02-02")
    live = [request.query for request in bench.shop.requests if request.query.get("status") != "trash"]
    assert live[-1]["modified_after"] == "2026-01-31T22:59:59"
    assert live[-1]["modified_before"] == "2026-02-02T00:00:00"
    assert bench.ids() == [1, 2, 2, 3]


def test_a_clock_half_an_hour_behind_loses_nothing(bench: Bench) -> None:
    bench.pull("2026-02-01T12:00:00")
    # Changed at 12:10 by the world's clock, 11:40 by the shop's.
    bench.shop.put("orders", order(1, date_modified_gmt="2026-02-01T11:40:00"))
    bench.pull("2026-02-02")
    assert bench.ids() == [1]


def test_an_order_in_the_trash_is_deleted_and_comes_back(bench: Bench) -> None:
    fill(bench.shop, range(1, 4))
    bench.pull()
    bench.shop.trash("orders", 2, "2026-02-01T10:00:00")
    bench.pull("2026-02-02")
    assert [record.get("deleted") for record in bench.records() if record["id"] == 2] == [None, "2026-02-01 10:00:00"]
    bench.shop.delete("orders/trash", 2)
    bench.shop.put("orders", order(2, date_modified_gmt="2026-02-02T10:00:00"))
    bench.pull("2026-02-03")
    assert [record.get("deleted") for record in bench.records() if record["id"] == 2][-1] is None


def test_an_order_that_goes_to_the_trash_between_two_pages_is_not_missed(bench: Bench) -> None:
    bench.pull()
    fill(bench.shop, range(1, 8), "2026-02-01T10:00:00")
    before(bench.shop, 2, lambda: bench.shop.trash("orders", 6, "2026-02-01T11:00:00"))
    bench.pull("2026-02-02")
    assert bench.ids() == list(range(1, 8))
    assert [record["id"] for record in bench.records() if "deleted" in record] == [6]


def test_an_order_read_and_then_trashed_in_the_same_run_is_deleted(bench: Bench) -> None:
    bench.pull()
    fill(bench.shop, range(1, 8), "2026-02-01T10:00:00")
    before(bench.shop, 2, lambda: bench.shop.trash("orders", 2, "2026-02-01T11:00:00"))
    bench.pull("2026-02-02")
    assert bench.ids() == list(range(1, 8))
    assert [record["id"] for record in bench.records() if "deleted" in record] == [2]


def test_refunds_come_with_their_order(bench: Bench) -> None:
    bench.shop.put("orders", order(1, refunds=[{"id": 30, "reason": "", "total": "-1.00"}]))
    bench.shop.put("orders", order(2))
    for number in range(30, 36):
        bench.shop.put("refunds", refund(number, "1.00"), parent=1)
    bench.pull()
    with_refunds, without = bench.records()
    assert [one["id"] for one in with_refunds["refund_records"]] == list(range(30, 36))
    assert "refund_records" not in without
    assert sum("/refunds" in request.path for request in bench.shop.requests) == 2


def test_an_order_deleted_before_its_refunds_are_read_has_none(bench: Bench) -> None:
    bench.shop.put("orders", order(1, refunds=[{"id": 30, "reason": "", "total": "-1.00"}]))
    before(bench.shop, 1, lambda: bench.shop.delete("orders", 1), "/refunds")
    bench.pull()
    assert bench.records()[0]["refund_records"] == []


def test_variations_come_with_their_product(bench: Bench) -> None:
    bench.shop.put("products", product(7, variations=[71, 72]))
    bench.shop.put("products", product(8))
    for number in (71, 72):
        bench.shop.put("variations", {"id": number, "price": "1.00"}, parent=7)
    for category in CATEGORIES:
        bench.shop.put("products/categories", category)
    bench.pull("2026-02-01", "products")
    varied, plain = bench.records("products")
    assert [one["id"] for one in varied["variation_records"]] == [71, 72]
    assert "variation_records" not in plain
    assert bench.ids("categories") == [1, 2]


def test_a_product_deleted_for_good_is_missed_when_the_catalogue_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shop: WooCommerceApi
) -> None:
    bench = Bench(tmp_path, monkeypatch, shop, full_products=True)
    shop.put("products", product(7))
    shop.put("products", product(8))
    bench.pull("2026-02-01", "products")
    shop.delete("products", 7)
    bench.pull("2026-02-02", "products")
    assert bench.ids("products") == [8]


def test_customers_are_read_whole_and_by_role(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shop: WooCommerceApi
) -> None:
    bench = Bench(tmp_path, monkeypatch, shop, customer_role="all")
    for number in range(1, 7):
        shop.put("customers", customer(number))
    bench.pull("2026-02-01", "customers")
    shop.delete("customers", 3)
    bench.pull("2026-02-02", "customers")
    assert bench.ids("customers") == [1, 2, 4, 5, 6]
    assert {request.query["role"] for request in shop.requests} == {"all"}


FAULTS = ["500", "503", "429:0", "reset-before", "reset-after", "truncated"]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("number", [1, 2, 4])
@pytest.mark.usefixtures("no_waits")
def test_a_request_that_fails_for_a_while_is_tried_again(bench: Bench, fault: str, number: int) -> None:
    fill(bench.shop, range(1, 12))
    bench.shop.put("orders", order(5, refunds=[{"id": 30, "reason": "", "total": "-1.00"}]))
    bench.shop.put("refunds", refund(30, "1.00"), parent=5)
    bench.shop.faults = {number: fault, number + 1: fault}
    bench.pull()
    assert bench.ids() == list(range(1, 12))
    assert len([one for one in bench.records() if one.get("refund_records")]) == 1


@pytest.mark.parametrize("fault", [*FAULTS, pytest.param("hang-after", marks=pytest.mark.slow)])
@pytest.mark.usefixtures("no_waits")
def test_a_request_that_fails_for_good_leaves_nothing_behind(bench: Bench, fault: str) -> None:
    fill(bench.shop, range(1, 12))
    bench.shop.faults = dict.fromkeys(range(3, 12), fault)
    with pytest.raises(PullError, match="the next run reads the same window"):
        bench.pull()
    assert list((Lake(bench.settings).raw("woo") / "orders").glob("*.parquet")) == []
    bench.shop.faults = {}
    bench.pull()
    assert bench.ids() == list(range(1, 12))


def test_a_host_that_slows_down_is_waited_for(bench: Bench) -> None:
    fill(bench.shop, range(1, 20))
    bench.shop.per_second = 3
    bench.pull()
    assert bench.ids() == list(range(1, 20))


@pytest.mark.usefixtures("no_waits")
def test_an_answer_that_is_no_list_says_what_may_be_wrong(bench: Bench) -> None:
    fill(bench.shop, range(1, 3))
    bench.shop.faults = dict.fromkeys(range(1, 9), "plugin")
    with pytest.raises(PullError, match="the answer is no JSON"):
        bench.pull()
    bench.shop.faults = {len(bench.shop.requests) + 1: "no-total"}
    with pytest.raises(PullError, match="X-WP-Total"):
        bench.pull()
    with pytest.raises(PullError, match="no list of records"):
        module.Overlapping().update_state(SimpleNamespace(headers={}), [{"code": "x"}])  # type: ignore[arg-type]


def test_a_wrong_key_is_refused_without_naming_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "woo", host=bench.shop.url, login="ck_wrong", password="cs_wrong")
    with pytest.raises(PullRefused, match="HTTP 401") as refused:
        bench.pull()
    assert "cs_wrong" not in str(refused.value)
    assert "ck_wrong" not in str(refused.value)
    assert "permission Read" in str(bench.findings()["read orders"])


@pytest.mark.parametrize("missing", ["login", "password", "host"])
def test_a_connection_that_lacks_something_is_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    fields = {"host": bench.shop.url, "login": "a", "password": "b"}
    connect(monkeypatch, "woo", **{key: value for key, value in fields.items() if key != missing})
    with pytest.raises(PullRefused, match="needs host"):
        bench.pull()


def test_a_key_does_not_travel_in_clear(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, "woo", host="http://shop.example", login="a", password="b")
    with pytest.raises(PullRefused, match="expected https"):
        bench.pull()


def test_a_good_account_is_found_good(bench: Bench) -> None:
    expected = {"read orders": None, "clock": None, "read products": None, "read customers": None}
    assert bench.findings() == expected


@pytest.mark.parametrize(("behind", "is_good"), [(-300, True), (0, True), (29, True), (31, False), (600, False)])
def test_a_clock_far_behind_is_found(behind: int, is_good: bool) -> None:
    shown = datetime.now(UTC) - timedelta(minutes=behind)
    answer = SimpleNamespace(headers={"Date": f"{shown:%a, %d %b %Y %H:%M:%S} GMT"})
    found = module._clock(answer)  # type: ignore[arg-type]
    assert found == Finding("clock") if is_good else f"{behind} minutes behind" in str(found.problem)


@pytest.mark.parametrize(
    ("sample", "record"),
    [
        ("orders_033", order(1)),
        ("order-refunds_029", refund(1, "1.00", line(1, 1, "1", "0", "1", "0"))),
        ("customers_009", customer(1)),
        ("products_085", product(1)),
        ("product-categories_054", CATEGORIES[0]),
    ],
)
def test_records_of_the_tests_have_no_key_that_the_vendor_does_not_document(
    sample: str, record: dict[str, Any]
) -> None:
    documented = json.loads(spec_file(f"woocommerce/samples/{sample}.json").read_text(encoding="utf-8"))["response"]
    assert undocumented(record, documented) == set()
    assert undocumented(record | {"made_up": 1}, documented) == {"made_up"}


def undocumented(record: dict[str, Any], documented: list[dict[str, Any]]) -> set[str]:
    newer = {"brands", "shipping_lines", "fee_lines"}
    return set(record) - newer - set().union(*(one.keys() for one in documented))


@pytest.mark.parametrize(
    "asked",
    [
        {"per_page": 101},
        {"per_page": 0},
        {"orderby": "date"},
        {"status": "new"},
        {"modified_after": "yesterday", "dates_are_gmt": "true"},
    ],
)
def test_the_stand_in_refuses_what_wordpress_refuses(bench: Bench, asked: dict[str, Any]) -> None:
    found = read_source_file(bench.path)
    assert found is not None
    with opened(bench.path, found) as account, pytest.raises(PullRefused, match="HTTP 400"):
        account.client.get("/orders", asked)

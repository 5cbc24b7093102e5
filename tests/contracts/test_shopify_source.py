"""Shopify as a source: every query and answer against its schema, and nothing lost or doubled whatever goes wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.demo.apis.shopify import Bucket
from include.sources.pull.base import PullError, PullRefused, Span
from include.sources.pull.run import opened, pull_family
from include.sources.source_file import read_source_file
from include.sources.vendors import _shopify_calls as calls
from include.sources.vendors import _shopify_queries as q
from include.sources.vendors.shopify import VENDOR
from tests.contracts.shopify_spec import CheckedShopify, check_answer, check_bulk_file, check_query
from tests.unit.sources.vendors.shopify_records import (
    ShopifyBench,
    customer,
    gid,
    line,
    money,
    nodes,
    order,
    refund,
    refund_line,
)

SECRET = "shpat_0123456789abcdef"
DAY_1, DAY_2, DAY_3 = (datetime(2026, 2, day, tzinfo=UTC) for day in (1, 2, 3))


class Shop:
    """The stand-in, and a lake it is pulled into."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.api = CheckedShopify(SECRET)
        self.api.start()
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.connect(password=SECRET)
        self.open()

    def connect(self, **fields: Any) -> None:
        content = {"conn_type": "http", "host": self.api.url, **fields}
        self.monkeypatch.setenv("AIRFLOW_CONN_SHOPIFY_SHOP", json.dumps(content))

    def open(self, **options: Any) -> None:
        self.bench = ShopifyBench(self.folder, poll_seconds=0.01, **options)

    def pull(self, end: datetime = DAY_1, *entities: str, start: datetime | None = None) -> list[dict[str, Any]]:
        found = read_source_file(self.bench.path)
        assert found
        wanted = entities or ("orders",)
        return pull_family(self.bench.settings, self.bench.path, found, wanted, Span(end, start))

    def raw(self, resource: str = "orders") -> list[tuple[str, str]]:
        """Key and version of all raw records, file by file."""
        files = self.bench.lake.raw("shop") / resource / "*.parquet"
        return duckdb.sql(
            f"select key, version from read_parquet('{files}', filename = true) order by filename, key"
        ).fetchall()

    def payloads(self, resource: str = "orders") -> dict[str, dict[str, Any]]:
        files = self.bench.lake.raw("shop") / resource / "*.parquet"
        return {
            key: json.loads(text)
            for key, text in duckdb.sql(f"select key, payload from read_parquet('{files}')").fetchall()
        }

    def asked(self, name: str) -> list[dict[str, Any]]:
        """Variables of the queries of a name, in their order."""
        bodies = [one.json for one in self.api.requests if one.path.endswith("graphql.json")]
        return [one["variables"] for one in bodies if f" {name}(" in one["query"] or f" {name} " in one["query"]]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    shop = Shop(tmp_path, monkeypatch)
    yield shop
    shop.api.stop()
    assert shop.api.violations == []


def at(number: int, minute: int, **changes: Any) -> dict[str, Any]:
    """An order changed at a minute of 31 January."""
    return order(number, updatedAt=f"2026-01-31T10:{minute:02d}:00Z", **changes)


def small_pages(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(calls, "pages", _with_page_size(calls.pages, size))


def _with_page_size(pages: Any, size: int) -> Any:
    from dataclasses import replace

    return lambda account, kind, query: pages(account, replace(kind, page=size), query)


# Queries and schema


def test_all_queries_fit_the_schema() -> None:
    kinds = [
        q.customers("loyalty.card", "facts.birth_date"),
        q.customers(None, None),
        q.ORDERS,
        q.PRODUCTS,
        q.CHECKOUTS,
    ]
    for kind in kinds:
        for query in (q.page_of(kind), q.count_of(kind), q.bulk_of(kind, "updated_at:<'2026-01-01T00:00:00Z'")):
            check_query(query)
        for child in kind.children:
            check_query(q.rest_of(kind.gid, child))
    for child in q.OF_REFUND:
        check_query(q.rest_of("Refund", child))
    for query in (q.REFUNDS_BY_ID, q.REFUNDS_OF_ORDER, q.EVENTS, q.SCOPES, q.RUN_BULK, q.BULK):
        check_query(query)


def test_a_query_that_does_not_fit_is_found() -> None:
    with pytest.raises(AssertionError, match="Cannot query field 'gloss'"):
        check_query("query Orders { orders(first: 1) { nodes { gloss } } }")
    with pytest.raises(AssertionError, match="got invalid value"):
        check_query(q.page_of(q.ORDERS), {"first": "ten"})
    with pytest.raises(AssertionError, match="does not declare"):
        check_query(q.page_of(q.ORDERS), {"first": 1, "last": 1})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": None}, "name is null"),
        ({"test": "no"}, "test is 'no'"),
        ({"displayFinancialStatus": "FREE"}, "expected one of OrderDisplayFinancialStatus"),
        ({"totalPriceSet": money("1,50")}, "expected a decimal"),
        ({"discountCodes": "A"}, "expected a list"),
        ({"more": 1}, "which nobody asked"),
    ],
)
def test_an_answer_that_does_not_fit_is_found(change: dict[str, Any], problem: str) -> None:
    amounts = "totalPriceSet { shopMoney { amount } presentmentMoney { amount } }"
    query = (
        f"query One {{ orders(first: 1) {{ nodes {{ name test displayFinancialStatus discountCodes {amounts} }} }} }}"
    )
    good = {
        "name": "#1",
        "test": False,
        "displayFinancialStatus": None,
        "discountCodes": [],
        "totalPriceSet": money("1.50"),
    }
    check_answer(query, {"orders": {"nodes": [good]}})
    with pytest.raises(AssertionError, match=problem):
        check_answer(query, {"orders": {"nodes": [good | change]}})


def test_a_line_that_does_not_fit_is_found_in_a_file() -> None:
    query = "{ products { edges { node { id title variants { edges { node { id position } } } } } } }"
    good = b'{"id":"gid://shopify/Product/1","title":"A"}\n{"id":"gid://shopify/ProductVariant/1","position":1,"__parentId":"gid://shopify/Product/1"}\n'
    check_bulk_file(query, good)
    for bad in (good.replace(b'"title":"A"', b'"title":null'), good.replace(b"ProductVariant", b"LineItem")):
        with pytest.raises(AssertionError):
            check_bulk_file(query, bad)


# Windows and pages


def test_the_first_load_reads_everything_and_the_next_what_changed_since(shop: Shop) -> None:
    for number in range(5):
        shop.api.shop.put("orders", at(number, number))
    assert shop.pull(DAY_1) == [{"resource": "orders", "records": 5, "new": True}]
    shop.api.shop.put("orders", order(3, updatedAt="2026-02-01T08:00:00Z"))
    shop.pull(DAY_2)
    assert shop.raw()[5:] == [(gid("Order", 3), "2026-02-01T08:00:00Z")]
    queries = [one["query"] for one in shop.asked("Orders")]
    assert queries == [
        "updated_at:<'2026-02-01T00:00:00Z'",
        "updated_at:>='2026-01-31T23:50:00Z' AND updated_at:<'2026-02-02T00:00:00Z'",
    ]


def test_pages_are_read_to_the_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    small_pages(monkeypatch, 2)
    for number in range(7):
        shop.api.shop.put("orders", at(number, number // 3))  # three changed in the same minute
    shop.pull()
    assert [key for key, _ in shop.raw()] == [gid("Order", number) for number in range(7)]
    assert len(shop.asked("Orders")) == 4


def test_a_change_between_two_pages_comes_now_or_with_the_next_window(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_pages(monkeypatch, 2)
    for number in range(6):
        shop.api.shop.put("orders", at(number, number))
    number_of_pages = iter(range(100))

    def change(request: Any) -> None:
        if b"query Orders(" in request.raw and next(number_of_pages) == 1:
            shop.api.shop.put("orders", at(0, 30))  # again within the window
            shop.api.shop.put("orders", order(5, updatedAt="2026-02-01T00:00:30Z"))  # out of it

    shop.api.check = change
    shop.pull(DAY_1)
    first = dict(shop.raw())
    assert first[gid("Order", 0)] == "2026-01-31T10:30:00Z"
    assert set(first) == {gid("Order", number) for number in range(5)}
    shop.pull(DAY_2)
    assert (gid("Order", 5), "2026-02-01T00:00:30Z") in shop.raw()


def test_a_record_stamped_by_a_clock_that_is_late_comes_with_the_next_window(shop: Shop) -> None:
    shop.pull(DAY_1)
    # Shopify's clock is five minutes behind ours: this was written after we had read up to midnight.
    shop.api.shop.put("orders", order(1, updatedAt="2026-01-31T23:55:00Z"))
    shop.pull(DAY_2)
    assert [key for key, _ in shop.raw()] == [gid("Order", 1)]


def test_an_expired_cursor_starts_the_window_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    small_pages(monkeypatch, 2)
    for number in range(5):
        shop.api.shop.put("orders", at(number, number))
    seen: list[int] = []

    def expire(request: Any) -> None:
        seen.extend([1] if b"query Orders(" in request.raw else [])
        shop.api.shop.generation = 2 if len(seen) > 1 else 1

    shop.api.check = expire
    shop.pull()
    assert [key for key, _ in shop.raw()] == [gid("Order", number) for number in range(5)]


def test_the_same_cursor_twice_is_no_end_of_the_list(shop: Shop) -> None:
    with pytest.raises(PullError, match="the same cursor twice"), _account(shop) as account:
        calls.next_cursor(account, {"hasNextPage": True, "endCursor": "abc"}, "abc")


def _account(shop: Shop) -> Any:
    found = read_source_file(shop.bench.path)
    assert found
    return opened(shop.bench.path, found)


def test_a_page_that_costs_too_much_is_halved(shop: Shop) -> None:
    for number in range(5):
        shop.api.shop.put("orders", at(number, number))
    shop.api.points_per_record = 15
    shop.pull()
    assert len(shop.raw()) == 5
    assert [one["first"] for one in shop.asked("Orders")] == [250, 125, 62]


def test_a_record_that_costs_too_much_by_itself_is_an_error(shop: Shop) -> None:
    shop.api.points_per_record = 2000
    with pytest.raises(PullError, match="no more than 1,000 points"):
        shop.pull()


def test_long_orders_come_whole(shop: Shop) -> None:
    lines = [line(number, 1, money("1.00")) for number in range(1, 251)]
    refunds = [
        refund(
            number,
            money("1.00"),
            *(refund_line(1000 * number + i, i, 1, money("0.01"), money("0")) for i in range(1, 31)),
        )
        for number in range(1, 8)
    ]
    shop.api.shop.put("orders", order(1, *lines, refunds=refunds))
    shop.api.shop.put("orders", order(2))
    shop.pull()
    found = shop.payloads()[gid("Order", 1)]
    assert [one["id"] for one in found["lineItems"]["nodes"]] == [one["id"] for one in lines]
    assert [one["id"] for one in found["refunds"]] == [one["id"] for one in refunds]
    assert all(len(one["refundLineItems"]["nodes"]) == 30 for one in found["refunds"])
    assert shop.bench.rows("order_lines", "count(*)", "1") == [(251,)]
    assert shop.bench.rows("refunds", "sum(amount)::varchar", "1") == [("7.0000",)]


# Limits and faults


def test_points_are_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    shop = Shop(tmp_path, monkeypatch)
    monkeypatch.setattr(calls.time, "sleep", waited.append)
    small_pages(monkeypatch, 100)
    shop.api.bucket = Bucket(50)  # 1,000 points when full
    for number in range(150):
        shop.api.shop.put("orders", at(number, 0))
    try:
        shop.pull()
    finally:
        shop.api.stop()
    # Scopes and count cost 2 each, a page 302: there is enough for the second page, and nobody asks for a third.
    assert waited == []
    status = {"maximumAvailable": 1000, "currentlyAvailable": 252, "restoreRate": 50}
    calls.wait_for_points({"extensions": {"cost": {"requestedQueryCost": 752, "throttleStatus": status}}})
    assert waited == [10]  # (752 - 252) / 50
    calls.wait_for_points({"data": {}})
    assert waited == [10]


@pytest.mark.parametrize(
    "fault", ["throttled", "internal", "429:0", "500", "503", "reset-before", "reset-after", "truncated"]
)
def test_a_passing_fault_loses_and_doubles_nothing(shop: Shop, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    small_pages(monkeypatch, 2)
    for number in range(5):
        shop.api.shop.put("orders", at(number, number))
    shop.api.faults = {1: fault, 3: fault, 4: fault, 6: fault}
    shop.pull()
    assert [key for key, _ in shop.raw()] == [gid("Order", number) for number in range(5)]


@pytest.mark.parametrize("fault", ["throttled", "500", "reset-before", "truncated"])
def test_a_lasting_fault_writes_nothing(shop: Shop, fault: str) -> None:
    shop.api.shop.put("orders", order(1))
    shop.api.faults = dict.fromkeys(range(3, 40), fault)
    with pytest.raises(PullError):
        shop.pull()
    assert list((shop.bench.lake.raw("shop") / "orders").iterdir()) == []


def test_an_error_that_is_not_understood_stops_the_load(shop: Shop) -> None:
    shop.api.faults = {2: "bare"}
    with pytest.raises(PullRefused, match="an error, expected data"):
        shop.pull()


def test_a_missing_scope_is_named(shop: Shop) -> None:
    shop.api.shop.scopes -= {"read_orders"}
    with pytest.raises(PullRefused, match=r"ACCESS_DENIED.*`read_orders` access scope"):
        shop.pull()


def test_a_wrong_token_is_refused_and_shown_nowhere(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shop.api.token = "another"
    with pytest.raises(PullRefused, match="answered HTTP 401") as refused:
        shop.pull()
    assert SECRET not in str(refused.value) + caplog.text


def test_no_error_and_no_log_holds_the_token_or_a_customer(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shop.api.shop.put("customers", customer(5))
    shop.pull(DAY_1, "customers")
    shop.api.faults = dict.fromkeys(range(1, 40), "500")
    with pytest.raises(PullError) as failed:
        shop.pull(DAY_2, "customers")
    shown = str(failed.value) + caplog.text
    assert SECRET not in shown and "ann@example.com" not in shown


def test_an_app_of_the_dashboard_gets_its_token_by_id_and_secret(shop: Shop) -> None:
    shop.connect(login="an id", password="a secret")
    shop.api.shop.put("orders", order(1))
    shop.pull()
    assert (len(shop.raw()), shop.api.tokens_given) == (1, 1)
    shop.connect(login="an id", password="a wrong secret")
    with pytest.raises(PullRefused, match="/admin/oauth/access_token"):
        shop.pull(DAY_2)


@pytest.mark.parametrize("missing", ["host", "password"])
def test_a_connection_that_lacks_something_says_what(shop: Shop, missing: str) -> None:
    shop.connect(**({"password": SECRET} | {missing: None}))
    with pytest.raises(PullRefused, match=r"needs the host my-shop\.myshopify\.com and"):
        shop.pull()


def test_sixty_days_are_not_taken_for_everything(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.api.shop.today = datetime(2026, 2, 1)  # noqa: DTZ001
    shop.api.shop.scopes -= {"read_all_orders"}
    shop.api.shop.put("orders", order(1, createdAt="2025-11-30T00:00:00Z"))
    shop.api.shop.put("orders", order(2))
    shop.pull(DAY_1)
    assert [key for key, _ in shop.raw()] == [gid("Order", 2)]
    assert "lacks the scope read_all_orders" in caplog.text
    caplog.clear()
    shop.pull(DAY_2)  # one day: everything in it is seen
    assert "read_all_orders" not in caplog.text


# Deletions


def test_a_deleted_order_takes_its_lines_and_refunds_along(shop: Shop) -> None:
    shop.api.shop.put("orders", order(1, refunds=[refund(7, money("5.00"))]))
    shop.pull(DAY_1, "orders", "carts")
    shop.api.shop.delete("orders", gid("Order", 1), datetime(2026, 2, 1, 9))  # noqa: DTZ001
    shop.pull(DAY_2, "orders", "carts")
    gone = [("1", "2026-02-01 09:00:00")]
    for stream in ("orders", "order_lines", "refunds", "coupon_redemptions", "carts"):
        listed = shop.bench.rows(
            stream,
            "coalesce(_parent, order_id), _deleted_at::varchar",
            "_deleted_at",
        )
        assert gone[0] in listed, stream
    assert shop.asked("Deletions")[0]["query"].startswith(
        "subject_type:ORDER AND action:destroy AND created_at:>='2026-01-31T23"
    )


def test_deletions_of_other_kinds_and_times_are_not_taken(shop: Shop) -> None:
    shop.pull(DAY_1)
    shop.api.shop.delete("orders", gid("Order", 1), datetime(2026, 2, 2, 9))  # noqa: DTZ001 - after the window
    shop.api.shop.delete("products", gid("Product", 1), datetime(2026, 2, 1, 9))  # noqa: DTZ001
    shop.pull(DAY_2)
    assert shop.raw() == []


# Bulk operations


def fill(shop: Shop, count: int) -> list[dict[str, Any]]:
    records = []
    for number in range(count):
        lines = [line(10 * number + i, 1, money("2.00")) for i in range(1, 4)]
        refunds = [refund(number, money("2.00"), refund_line(number, 10 * number + 1, 1, money("2.00"), money("0.00")))]
        records.append(
            at(number, number % 60, refunds=refunds if number % 3 == 0 else [], **{}) | {"lineItems": nodes(*lines)}
        )
        shop.api.shop.put("orders", records[-1])
    return records


def test_a_bulk_operation_gives_the_records_of_pages(shop: Shop, tmp_path: Path) -> None:
    fill(shop, 40)
    shop.pull(DAY_1)
    paged = shop.payloads()
    shop.folder = tmp_path / "bulk"
    shop.open(bulk_above=39)
    shop.pull(DAY_1)
    assert shop.payloads() == paged
    assert len(shop.asked("RunBulk")) == 1
    check_bulk_file(shop.asked("RunBulk")[0]["query"], shop.api.shop.bulk_content(1))


def test_bulk_operations_are_only_for_more_than_the_bound(shop: Shop) -> None:
    shop.open(bulk_above=40)
    fill(shop, 40)
    shop.pull()
    assert (len(shop.raw()), shop.asked("RunBulk")) == (40, [])


@pytest.mark.parametrize("kind", ["customers", "products", "abandoned_checkouts"])
def test_every_kind_can_be_read_in_bulk(shop: Shop, kind: str, tmp_path: Path) -> None:
    shop.open(loyalty_metafield="loyalty.card")
    variant = {"id": gid("ProductVariant", 1), "position": 1, "price": "3.00", "inventoryItem": {"unitCost": None}}
    product = {"id": gid("Product", 1), "title": "Tea", "handle": "tea", "productType": "", "vendor": "ACME"}
    product |= {"status": "ACTIVE", "isGiftCard": False, "createdAt": "2026-01-01T00:00:00Z"}
    product |= {"updatedAt": "2026-01-01T00:00:00Z", "category": None, "variants": nodes(variant)}
    price = {"amount": "3.00", "currencyCode": "EUR"}
    product |= {"priceRangeV2": {"minVariantPrice": price}}
    checkout = {"id": gid("AbandonedCheckout", 1), "createdAt": "2026-01-01T00:00:00Z", "completedAt": None}
    checkout |= {"updatedAt": "2026-01-01T00:00:00Z", "customer": None, "customAttributes": [], "taxesIncluded": True}
    checkout |= {"subtotalPriceSet": {"shopMoney": price, "presentmentMoney": price}, "totalPriceSet": money("3.00")}
    checkout |= {"lineItems": nodes({"id": gid("AbandonedCheckoutLineItem", 1), "quantity": 2})}
    shop.api.shop.put("customers", customer(5, loyalty=None))
    shop.api.shop.put("products", product)
    shop.api.shop.put("abandonedCheckouts", checkout)
    entity = {"abandoned_checkouts": "carts"}.get(kind, kind)
    shop.pull(DAY_1, entity)
    paged = shop.payloads(kind)
    shop.folder = tmp_path / "bulk"
    shop.open(bulk_above=0, loyalty_metafield="loyalty.card")
    shop.pull(DAY_1, entity)
    assert shop.payloads(kind) == paged
    assert len(paged) == 1
    check_bulk_file(shop.asked("RunBulk")[-1]["query"], shop.api.shop.bulk_content(1))


def test_a_busy_shop_and_a_slow_operation_are_waited_for(shop: Shop) -> None:
    shop.open(bulk_above=0)
    fill(shop, 3)
    shop.api.shop.bulk_busy, shop.api.shop.bulk_looks = 2, 4
    shop.pull()
    assert (len(shop.raw()), len(shop.asked("RunBulk")), len(shop.asked("Bulk"))) == (3, 3, 5)


@pytest.mark.parametrize("error", ["TIMEOUT", "INTERNAL_SERVER_ERROR", "ACCESS_DENIED"])
def test_an_operation_that_fails_writes_nothing(shop: Shop, error: str) -> None:
    shop.open(bulk_above=0)
    fill(shop, 3)
    shop.api.shop.bulk_error = error
    with pytest.raises(PullError, match=rf"ended as FAILED \({error}\)"):
        shop.pull()
    assert list((shop.bench.lake.raw("shop") / "orders").iterdir()) == []


@pytest.mark.parametrize("fault", ["truncated", "reset-before", "503"])
def test_a_download_that_breaks_off_begins_again(shop: Shop, fault: str) -> None:
    shop.open(bulk_above=0)
    fill(shop, 30)

    shop.api.shop.bulk_looks = 0
    shop.api.faults = {5: fault}  # after the scopes, the count, the start and one look
    shop.pull()
    assert shop.api.requests[4].path == "/bulk/1.jsonl"
    assert len(shop.raw()) == 30


def test_a_download_that_never_ends_well_is_an_error(shop: Shop) -> None:
    shop.open(bulk_above=0)
    fill(shop, 30)
    shop.api.shop.bulk_looks = 0
    shop.api.faults = dict.fromkeys(range(5, 100), "truncated")
    with pytest.raises(PullError, match="could not be read to its end"):
        shop.pull()


# make check-sources


def test_a_good_account_has_no_finding(shop: Shop) -> None:
    shop.api.shop.put("orders", order(1))
    with _account(shop) as account:
        found = {one.subject: one.problem for one in VENDOR.check(account)}
    assert set(found.values()) == {None}
    assert {"connection", "scope read_all_orders", "customers", "products", "orders"} <= set(found)


def test_each_missing_scope_is_a_finding(shop: Shop) -> None:
    shop.api.shop.scopes = {"write_orders", "read_products"}
    with _account(shop) as account:
        bad = {one.subject for one in VENDOR.check(account) if one.problem}
    assert bad == {"scope read_all_orders", "scope read_customers", "scope read_inventory", "customers", "orders"}


def test_a_wrong_token_is_a_finding(shop: Shop) -> None:
    shop.api.token = "another"
    with _account(shop) as account:
        [finding] = VENDOR.check(account)
    assert finding.subject == "connection" and "401" in str(finding.problem)

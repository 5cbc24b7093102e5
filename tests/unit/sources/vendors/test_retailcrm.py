"""What the contracts get of retailCRM's records, worked out by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.sources.pull.base import Deleted
from tests.contracts.specs import spec_file
from tests.unit.sources.vendors.raw_bench import RawBench
from tests.unit.sources.vendors.retailcrm_records import GROUPS, STATUSES, customer, item, order, product

AMOUNTS = "gross_amount, discount_amount, tax_amount, taxes_included, shipping_amount"
LINES = "line_number, product_id, quantity, unit_price, gross_amount, discount_amount, tax_amount"
NINE = datetime(2026, 1, 10, 9)  # noqa: DTZ001 - 12:00 in Moscow


def bench_of(folder: Path, **source: Any) -> RawBench:
    bench = RawBench(folder, "retailcrm", **{"time_zone": "Europe/Moscow"} | source)
    bench.put("statuses", *STATUSES)
    bench.put("groups", *GROUPS)
    return bench


@pytest.fixture
def bench(tmp_path: Path) -> RawBench:
    return bench_of(tmp_path)


def test_an_order_with_everything(bench: RawBench) -> None:
    bench.put("orders", order(1))
    columns = "order_id, order_number, customer_id, email, ordered_at, status, source_status, currency"
    assert bench.rows("orders", f"{columns}, channel, store_id") == [
        ("1", "1C", "5", "ann@example.com", NINE, "completed", "complete", "RUB", "web", "shop")
    ]


def test_prices_and_delivery_contain_their_vat(bench: RawBench) -> None:
    untaxed = order(2, items=[item(7, 3, 10, 1, "none"), item(8, 0.5, 9.99, 0, 10)])
    taxed_delivery = order(3, delivery={"cost": 6, "vatRate": 20})
    bench.put("orders", order(1), untaxed, taxed_delivery, order(4, delivery=None))
    # 21.60 at 20 % is 3.60 of VAT; 4.995 at 10 % is 0.45; 6.00 at 20 % is 1.00.
    assert bench.rows("orders", AMOUNTS) == [
        ("24", "2.4", "3.6", True, "6"),
        ("34.995", "3", "0.45", True, "6"),
        ("24", "2.4", "4.6", True, "6"),
        ("24", "2.4", "3.6", True, "0"),
    ]
    assert bench.rows("order_lines", LINES)[:3] == [
        (1, "7", "2", "12", "24", "2.4", "3.6"),
        (1, "7", "3", "10", "30", "3", "0"),
        (2, "8", "0.5", "9.99", "4.995", "0", "0.45"),
    ]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("new", "pending"),
        ("delivering", "pending"),
        ("complete", "completed"),
        ("no-call", "cancelled"),
        # In no group: gate 1 refuses it.
        ("made-up", "made-up"),
    ],
)
def test_a_status_counts_by_its_group(bench: RawBench, code: str, expected: str) -> None:
    bench.put("orders", order(1, status=code))
    assert bench.rows("orders", "status, source_status") == [(expected, code)]


def test_the_source_file_overrules_groups(tmp_path: Path) -> None:
    options = {"statuses": {"no-call": "pending"}, "completed_groups": ["complete", "delivery"], "cancelled_groups": []}
    bench = bench_of(tmp_path, options=options)
    bench.put("orders", *(order(number, status=one["code"]) for number, one in enumerate(STATUSES, 1)))
    assert bench.rows("orders", "source_status, status") == [
        ("new", "pending"),
        ("delivering", "completed"),
        ("complete", "completed"),
        ("no-call", "pending"),
    ]


def test_a_companys_order_is_its_contacts(bench: RawBench) -> None:
    company = {"type": "customer_corporate", "id": 90}
    bench.put("orders", order(1, customer=company, contact={"id": 6}), order(2, customer=None, email=""))
    assert bench.rows("orders", "customer_id, email") == [("6", "ann@example.com"), (None, None)]


def test_an_address_on_file_where_the_order_has_none(bench: RawBench) -> None:
    bench.put("orders", order(1, email=""))
    assert bench.rows("orders", "email") == [("old@example.com",)]


@pytest.mark.parametrize(
    ("method", "channel"), [("one-click", "web"), ("offline", "pos"), ("phone", "phone"), ("messenger", "messenger")]
)
def test_channels(bench: RawBench, method: str, channel: str) -> None:
    bench.put("orders", order(1, orderMethod=method))
    assert bench.rows("orders", "channel") == [(channel,)]


def test_an_order_without_a_currency_has_the_source_files(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, options={"currency": "EUR"})
    bench.put("orders", order(1, currency=None), order(2))
    assert bench.rows("orders", "currency") == [("EUR",), ("RUB",)]


def test_a_deleted_order_is_deleted_with_its_lines(bench: RawBench) -> None:
    bench.put("orders", Deleted({"id": 1}, datetime(2026, 1, 25, tzinfo=UTC)), order(2, items=[]))
    assert bench.rows("orders", "order_id, _deleted_at is not null") == [("1", True), ("2", False)]
    assert bench.said_empty("order_lines") == ["1", "2"]
    assert bench.rows("orders", "gross_amount, discount_amount, tax_amount")[1] == ("0", "0", "0")


def test_customers(bench: RawBench) -> None:
    bench.put("customers", customer(5), customer(6, phones=[], email="", birthday=None))
    columns = "customer_id, email, phone, first_name, last_name, country, cast(birth_date as varchar), registered_at"
    assert bench.rows("customers", columns) == [
        ("5", "ann@example.com", "+70000000001", "Ann", "Lee", "RU", "1990-02-28", NINE),
        ("6", None, None, "Ann", "Lee", "RU", None, NINE),
    ]


def test_every_offer_is_a_product(bench: RawBench) -> None:
    bench.put("products", product(7), product(8, groups=[], offers=[{"id": 81, "name": "X", "price": 1}]))
    columns = "product_id, name, category, department, brand, unit_price, unit_cost"
    assert bench.rows("products", columns) == [
        ("71", "Shirt S", "Shirts", "Clothing", "Alder", "12", "4.5"),
        ("72", "Shirt", "Shirts", "Clothing", "Alder", "13", None),
        ("81", "X", None, None, "Alder", "1", None),
    ]


def test_the_recorded_answers(bench: RawBench) -> None:
    def recorded(name: str) -> Any:
        return json.loads(spec_file(f"retailcrm/samples/{name}.json").read_text(encoding="utf-8"))["response"]

    bench.put("orders", recorded("OrdersTest_112")["order"], *recorded("OrdersTest_099")["orders"])
    bench.put("statuses", *recorded("ReferencesTest_159")["statuses"].values())
    bench.put("groups", *recorded("StoreTest_171")["productGroup"])
    bench.put("products", *recorded("StoreTest_172")["products"])
    bench.put("customers", recorded("CustomersTest_063")["customer"])
    columns = f"order_id, customer_id, status, source_status, channel, currency, {AMOUNTS}"
    assert bench.rows("orders", columns) == [
        ("6722", "4976", "pending", "delivering", "web", "RUB", "1", "0", "0", True, "0"),
        ("7141", "4924", "pending", "assembling", "phone", "RUB", "0", "0", "0", True, "0"),
    ]
    assert bench.rows("order_lines", LINES)[0] == (1, "1867352", "1", "1", "1", "0", "0")
    assert bench.rows("products", "product_id, unit_price, unit_cost, brand") == [("1941833", "624", "272.64", "Test")]
    assert bench.rows("customers", "customer_id, email, phone") == [("4770", "omega@omega.com", "79094055045")]

"""What the contracts get of WooCommerce's records, worked out by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from include.sources.pull.base import Deleted
from include.sources.source_file import MAPPINGS
from tests.contracts.specs import spec_file
from tests.unit.sources.vendors.raw_bench import RawBench
from tests.unit.sources.vendors.woocommerce_records import (
    CATEGORIES,
    SHIRTS,
    coupon,
    customer,
    fee,
    line,
    order,
    product,
    refund,
)

AMOUNTS = "gross_amount, discount_amount, tax_amount, taxes_included, shipping_amount"
LINES = "line_number, product_id, line_type, quantity, unit_price, gross_amount, discount_amount, tax_amount"
REFUNDS = "refund_id, product_id, quantity, amount, tax_amount"


@pytest.fixture
def bench(tmp_path: Path) -> RawBench:
    return RawBench(tmp_path, "woocommerce")


def test_an_order_with_everything(bench: RawBench) -> None:
    bench.put("orders", order(1, coupon_lines=[coupon(9, "SPRING"), coupon(10, "MORE")]))
    columns = "order_id, order_number, customer_id, email, ordered_at, status, source_status, currency, channel"
    assert bench.rows("orders", f"{columns}, coupon_code") == [
        (
            "1",
            "W-1",
            "5",
            "ann@example.com",
            datetime(2026, 1, 10, 8),  # noqa: DTZ001
            "completed",
            "processing",
            "EUR",
            "web",
            "SPRING",
        )
    ]
    assert bench.rows("coupon_redemptions", "redemption_id, customer_id, coupon_code, order_id, redeemed_at") == [
        ("9", "5", "SPRING", "1", datetime(2026, 1, 10, 8)),  # noqa: DTZ001
        ("10", "5", "MORE", "1", datetime(2026, 1, 10, 8)),  # noqa: DTZ001
    ]


def test_where_prices_include_tax_an_amount_is_what_the_customer_saw(bench: RawBench) -> None:
    bench.put("orders", order(1), order(2, included=False))
    assert bench.rows("orders", AMOUNTS) == [
        ("24", "2.4", "4.6", True, "6"),
        ("20", "2", "4.6", False, "5"),
    ]
    assert bench.rows("order_lines", LINES) == [
        (1, "7", "product", "2", "12", "24", "2.4", "3.6"),
        (1, "7", "product", "2", "10", "20", "2", "3.6"),
    ]


def test_a_fee_is_sold_and_a_negative_fee_is_a_discount(bench: RawBench) -> None:
    fees = [fee("3.00", "0.60"), fee("-2.00", "-0.40")]
    bench.put("orders", order(1, fee_lines=fees), order(2, included=False, fee_lines=fees))
    assert bench.rows("orders", "gross_amount, discount_amount") == [("27.6", "4.8"), ("23", "4")]
    assert bench.rows("order_lines", LINES)[1:3] == [
        (2, None, "fee", "1", None, "3.6", "0", "0.6"),
        (3, None, "discount", "1", None, "0", "2.4", "-0.4"),
    ]


def test_lines_always_add_up_to_the_order(bench: RawBench) -> None:
    # Three at 9.99 with 20 % tax: 24.975 and 4.995, which two places would make 29.98.
    lines = [line(7, 3, "24.9750", "4.9950", "24.9750", "4.9950"), line(8, 0.5, "1.0000", "0.2000", "0.0000", "0.0000")]
    bench.put("orders", order(1, line_items=lines, fee_lines=[fee("-1.00", "-0.20")]))
    assert bench.rows("orders", "gross_amount, discount_amount") == [("31.17", "2.4")]
    assert bench.rows("order_lines", "sum(gross_amount), sum(discount_amount)", "all") == [("31.17", "2.4")]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("pending", "pending"),
        ("on-hold", "pending"),
        ("processing", "completed"),
        ("completed", "completed"),
        ("refunded", "completed"),
        ("cancelled", "cancelled"),
        ("failed", "cancelled"),
        # Of a plugin: gate 1 refuses it until the source file's status_map says what it means.
        ("shipped", "shipped"),
    ],
)
def test_statuses(bench: RawBench, status: str, expected: str) -> None:
    bench.put("orders", order(1, status=status))
    assert bench.rows("orders", "status, source_status") == [(expected, status)]


def test_a_plugins_status_is_mapped_by_the_source_file(tmp_path: Path) -> None:
    bench = RawBench(tmp_path, "woocommerce", status_map={"shipped": "completed"})
    bench.put("orders", order(1, status="shipped"), order(2, status="failed"))
    assert bench.rows("orders", "status") == [("completed",), ("cancelled",)]


def test_a_cart_in_the_checkout_is_no_order(bench: RawBench) -> None:
    draft = order(1, status="checkout-draft", coupon_lines=[coupon(9, "A")], refund_records=[refund(4, "1.00")])
    bench.put("orders", draft, order(2))
    for stream in ("orders", "order_lines", "refunds", "coupon_redemptions"):
        assert "1" not in {row[0] for row in bench.rows(stream, "order_id")}
    assert bench.rows("orders", "order_id") == [("2",)]


def test_a_guest_has_no_customer_but_an_address(bench: RawBench) -> None:
    bench.put("orders", order(1, customer_id=0, coupon_lines=[coupon(9, "A")], refund_records=[refund(4, "1.00")]))
    assert bench.rows("orders", "customer_id, email") == [(None, "ann@example.com")]
    assert bench.rows("refunds", "customer_id") == [(None,)]
    assert bench.rows("coupon_redemptions", "customer_id") == [(None,)]


@pytest.mark.parametrize(
    ("created_via", "channel"), [("checkout", "web"), ("store-api", "web"), ("pos-rest-api", "pos"), ("admin", "admin")]
)
def test_channels(bench: RawBench, created_via: str, channel: str) -> None:
    bench.put("orders", order(1, created_via=created_via))
    assert bench.rows("orders", "channel") == [(channel,)]


def test_the_variation_is_what_was_sold(bench: RawBench) -> None:
    bench.put("orders", order(1, line_items=[line(7, 1, *SHIRTS, variation_id=71), line(0, 1, *SHIRTS)]))
    assert bench.rows("order_lines", "line_number, product_id") == [(1, "71"), (2, None)]


def test_a_refund_of_lines_and_more_becomes_a_row_for_each(bench: RawBench) -> None:
    back = line(7, -1, "-8.00", "-1.60", "-8.00", "-1.60")
    restocked = line(8, -1, "0.00", "0.00", "0.00", "0.00")
    given = refund(30, "10.20", back, restocked)
    bench.put("orders", order(1, refund_records=[given]))
    # 0.60 names no line: a sixth of the order is tax, so 0.10 of it.
    assert bench.rows("refunds", REFUNDS) == [("30", "7", "1", "9.6", "1.6"), ("30-2", None, None, "0.6", "0.1")]
    assert bench.rows("refunds", "order_id, customer_id, currency, reason, refunded_at")[0] == (
        "1",
        "5",
        "EUR",
        "too small",
        datetime(2026, 1, 20, 9),  # noqa: DTZ001
    )


def test_an_order_refunded_whole_by_its_status_comes_to_nothing(bench: RawBench) -> None:
    bench.put("orders", order(1, status="refunded", refund_records=[refund(30, "27.60")]))
    assert bench.rows("refunds", REFUNDS) == [("30", None, None, "27.6", "4.6")]


def test_the_tax_of_refunded_shipping_and_fees_is_known(bench: RawBench) -> None:
    shipping = refund(30, "6.00", shipping_lines=[{"total": "-5.00", "total_tax": "-1.00"}])
    part = refund(31, "9.00", fee_lines=[{"total": "-3.00", "total_tax": "0.00"}])
    bench.put("orders", order(1, refund_records=[part, shipping]))
    # Of the second 3.00 are known to bear no tax; a sixth of the other 6.00 is tax.
    assert bench.rows("refunds", REFUNDS) == [("30", None, None, "6", "1"), ("31", None, None, "9", "1")]


def test_lines_that_add_up_to_more_than_the_refund_are_not_believed(bench: RawBench) -> None:
    bench.put("orders", order(1, refund_records=[refund(30, "6.00", line(7, -1, "-8.00", "-1.60", "-8.00", "-1.60"))]))
    assert bench.rows("refunds", REFUNDS) == [("30", None, None, "6", "1")]


def test_a_free_order_has_a_refund_without_tax(bench: RawBench) -> None:
    free = order(1, total="0.00", total_tax="0.00", line_items=[], refund_records=[refund(30, "5.00")])
    bench.put("orders", free)
    assert bench.rows("refunds", REFUNDS) == [("30", None, None, "5", "0")]
    assert bench.rows("orders", "gross_amount, discount_amount") == [("0", "0")]


def test_what_an_order_no_longer_has_is_said_to_be_gone(bench: RawBench) -> None:
    bench.put("orders", order(1, line_items=[]), order(2, refund_records=[refund(30, "1.00")]))
    assert bench.said_empty("order_lines") == ["1"]
    assert bench.said_empty("refunds") == ["1"]
    assert bench.said_empty("coupon_redemptions") == ["1", "2"]


def test_an_order_in_the_trash_is_deleted_with_all_that_belongs_to_it(bench: RawBench) -> None:
    trashed = order(1, status="trash", coupon_lines=[coupon(9, "A")], date_modified_gmt="2026-01-25T00:00:00")
    bench.put("orders", Deleted(trashed, datetime(2026, 1, 25, tzinfo=UTC)), order(2, coupon_lines=[coupon(11, "A")]))
    for stream in ("orders", "order_lines", "coupon_redemptions"):
        assert bench.rows(stream, "order_id, _deleted_at is not null") == [("1", True), ("2", False)]
    assert bench.said_empty("refunds") == ["1", "2"]


def test_customers(bench: RawBench) -> None:
    bare = customer(
        6, first_name="", last_name="", email="", billing={"email": "b@example.com"}, shipping={"country": "AT"}
    )
    bench.put("customers", customer(5), bare)
    columns = "customer_id, email, phone, first_name, last_name, country, registered_at, updated_at"
    rows = bench.rows("customers", columns)
    dates = (datetime(2025, 12, 1, 10), datetime(2026, 1, 1, 10))  # noqa: DTZ001
    assert rows == [
        ("5", "ann@example.com", "030 1", "Ann", "Lee", "DE", *dates),
        ("6", "b@example.com", None, None, None, "AT", *dates),
    ]


def test_a_product_and_its_variations_are_products(bench: RawBench) -> None:
    cost = {"cost_of_goods_sold": {"values": [{"defined_value": 4.5}], "total_value": 4.5}}
    small = {"id": 71, "price": "13.00", "regular_price": "", "attributes": [{"name": "Size", "option": "S"}]} | cost
    bench.put("categories", *CATEGORIES)
    bench.put("products", product(7, regular_price="", variations=[71], variation_records=[small]))
    columns = "product_id, name, category, department, brand, unit_price, unit_cost"
    assert bench.rows("products", columns) == [
        ("7", "Shirt & Tie", "Shirts & Co", "Clothing", "Alder", "9", None),
        ("71", "Shirt & Tie - S", "Shirts & Co", "Clothing", "Alder", "13", "4.5"),
    ]


def test_a_cost_of_nothing_is_unknown_and_a_category_may_be_too(bench: RawBench) -> None:
    bench.put("categories", *CATEGORIES)
    free = {"cost_of_goods_sold": {"values": [], "total_value": 0}}
    bench.put(
        "products", product(7, categories=[], brands=[], **free), product(8, categories=[{"id": 77, "name": "New"}])
    )
    assert bench.rows("products", "category, department, brand, unit_price, unit_cost") == [
        (None, None, None, "12", None),
        ("New", None, "Alder", "12", None),
    ]


def test_the_documented_answers(bench: RawBench) -> None:
    documented = json.loads(spec_file("woocommerce/samples/orders_033.json").read_text(encoding="utf-8"))
    back = json.loads(spec_file("woocommerce/samples/order-refunds_029.json").read_text(encoding="utf-8"))
    guest, known = documented["response"]
    bench.put("orders", guest, known | {"refund_records": back["response"]})
    assert bench.rows("orders", f"order_id, customer_id, status, {AMOUNTS}") == [
        ("727", None, "completed", "18", "0", "1.35", False, "10"),
        ("723", "26", "completed", "29", "0", "0", False, "10"),
    ]
    assert bench.rows("order_lines", LINES) == [
        (1, "93", "product", "2", "3", "6", "0", "0.45"),
        (2, "23", "product", "1", "12", "12", "0", "0.9"),
        (1, "87", "product", "1", "9", "9", "0", "0"),
        (2, "34", "product", "1", "20", "20", "0", "0"),
    ]
    assert bench.rows("refunds", REFUNDS) == [("724", "87", "1", "9", "0"), ("726", None, None, "10", "0")]


def test_both_shapes_say_the_same_of_every_column() -> None:
    perennial, airbyte = (
        yaml.safe_load((MAPPINGS / "woocommerce" / f"{shape}.yml").read_text())["streams"]
        for shape in ("perennial", "airbyte")
    )
    for key in ("columns", "status_map", "where", "each", "parent"):
        assert {name: spec.get(key) for name, spec in airbyte.items()} == {
            name: spec.get(key) for name, spec in perennial.items()
        }

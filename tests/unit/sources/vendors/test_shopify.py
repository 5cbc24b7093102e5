"""What Shopify's records mean in the contracts, by examples worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from include.sources.mapping import MappingError, read_mapping
from include.sources.pull.base import Deleted
from tests.unit.sources.vendors.shopify_records import (
    PULLED_AT,
    ShopifyBench,
    customer,
    gid,
    line,
    money,
    nodes,
    order,
    refund,
    refund_line,
    shipping,
)

MONEY = "gross_amount::varchar, discount_amount::varchar, tax_amount::varchar, shipping_amount::varchar"
LINES = (
    "line_number, product_id, quantity::varchar, gross_amount::varchar, discount_amount::varchar, tax_amount::varchar"
)
REFUNDS = "refund_id, product_id, quantity::varchar, amount::varchar, tax_amount::varchar"
KEPT = "_deleted_at is null"


@pytest.fixture
def bench(tmp_path: Path) -> ShopifyBench:
    return ShopifyBench(tmp_path)


def kept(bench: ShopifyBench, stream: str, columns: str) -> list[tuple[Any, ...]]:
    """Rows that are not deleted."""
    return [row[1:] for row in bench.rows(stream, f"{KEPT}, {columns}") if row[0]]


# Orders


def test_an_order_with_everything(bench: ShopifyBench) -> None:
    found = order(
        1001,
        line(1, 2, money("10.00"), discount=money("1.00"), tax=money("3.03")),
        line(2, 1, money("5.50"), tax=money("0.88")),
        shippingLines=nodes(shipping(money("4.90"), money("0.78")), shipping(money("9.90"), removed=True)),
        discountCodes=["WELCOME10", "SECOND"],
        customAttributes=[{"key": "gift", "value": "yes"}, {"key": "session_id", "value": "s77"}],
        attribution={"handle": "online"},
    )
    bench.put("orders", found)
    columns = "order_id, order_number, customer_id, email, ordered_at, currency, taxes_included, channel, store_id"
    assert bench.rows("orders", columns) == [
        ("1001", "#1001", "5", "ann@example.com", datetime(2026, 1, 10, 8, 0, 1), "EUR", True, "web", "online")  # noqa: DTZ001
    ]
    # 2 x 10.00 + 5.50; 3.03 + 0.88 + 0.78 of the shipping that stayed.
    assert bench.rows("orders", MONEY) == [("25.5000", "1.0000", "4.6900", "4.9000")]
    assert bench.rows("orders", "coupon_code, session_id, status") == [("WELCOME10", "s77", "completed")]
    assert kept(bench, "order_lines", LINES) == [
        (1, "91", "2.0000", "20.0000", "1.0000", "3.0300"),
        (2, "92", "1.0000", "5.5000", "0.0000", "0.8800"),
    ]


@pytest.mark.parametrize(
    ("financial", "cancelled_at", "status", "said"),
    [
        ("PAID", None, "completed", "paid"),
        ("PARTIALLY_PAID", None, "completed", "partially_paid"),
        ("PARTIALLY_REFUNDED", None, "completed", "partially_refunded"),
        ("REFUNDED", None, "completed", "refunded"),
        ("AUTHORIZED", None, "pending", "authorized"),
        ("PENDING", None, "pending", "pending"),
        (None, None, "pending", None),
        ("EXPIRED", None, "cancelled", "expired"),
        ("VOIDED", None, "cancelled", "voided"),
        ("PAID", "2026-01-11T00:00:00Z", "cancelled", "cancelled"),
        ("NEW_WORD", None, "NEW_WORD", "new_word"),  # for gate 1 to refuse
    ],
)
def test_statuses(bench: ShopifyBench, financial: str | None, cancelled_at: str | None, status: str, said: str) -> None:
    bench.put("orders", order(1, displayFinancialStatus=financial, cancelledAt=cancelled_at))
    assert bench.rows("orders", "status, source_status") == [(status, said)]


@pytest.mark.parametrize(
    ("source", "channel"),
    [("web", "web"), ("580111", "web"), ("pos", "pos"), ("shopify_draft_order", "phone"), ("tiktok", "tiktok")],
)
def test_channels(bench: ShopifyBench, source: str, channel: str) -> None:
    bench.put("orders", order(1, sourceName=source))
    assert bench.rows("orders", "channel") == [(channel,)]


def test_a_till_is_a_store(bench: ShopifyBench) -> None:
    bench.put("orders", order(1, retailLocation={"id": gid("Location", 6)}, attribution={"handle": "pos"}))
    assert bench.rows("orders", "store_id") == [("6",)]


def test_a_guest_has_no_customer(bench: ShopifyBench) -> None:
    bench.put("orders", order(1, customer=None))
    assert bench.rows("orders", "customer_id, email") == [(None, "ann@example.com")]


@pytest.mark.parametrize(
    ("whose", "currency", "amounts"), [("shop", "EUR", "23.2600"), ("presentment", "GBP", "20.0000")]
)
def test_amounts_are_in_the_currency_that_is_asked_for(tmp_path: Path, whose: str, currency: str, amounts: str) -> None:
    bench = ShopifyBench(tmp_path, money=whose)
    back = refund(7, money("23.26", "20.00"), refund_line(1, 1, 1, money("23.26", "20.00"), money("0", "0")))
    bench.put("orders", order(1, line(1, 1, money("23.26", "20.00")), presentmentCurrencyCode="GBP", refunds=[back]))
    assert bench.rows("orders", "currency, gross_amount::varchar") == [(currency, amounts)]
    assert bench.rows("order_lines", "gross_amount::varchar") == [(amounts,)]
    assert bench.rows("refunds", "currency, amount::varchar") == [(currency, amounts)]


def test_a_test_order_is_no_order(bench: ShopifyBench) -> None:
    given = refund(7, money("5.00"))
    bench.put("orders", order(1, test=True, discountCodes=["A"], refunds=[given]), order(2))
    bench.put("abandoned_checkouts")
    for stream in ("orders", "order_lines", "refunds", "coupon_redemptions", "carts"):
        assert {row[0] for row in kept(bench, stream, "order_id")} <= {"2"}, stream
    assert kept(bench, "orders", "order_id") == [("2",)]


def test_an_order_that_turns_out_to_be_a_test_goes_with_its_lines(bench: ShopifyBench) -> None:
    bench.put("orders", order(1))
    bench.put("orders", order(1, test=True), at=datetime(2026, 2, 2))  # noqa: DTZ001
    gone = bench.rows("order_lines", "_parent, _deleted_at is not null, _seen_at::date", "_seen_at")
    assert gone == [("1", False, date(2026, 2, 1)), ("1", True, date(2026, 2, 2))]


def test_a_gift_card_is_no_product(bench: ShopifyBench) -> None:
    card = line(1, 1, money("50.00")) | {"isGiftCard": True}
    bench.put("orders", order(1, card, line(2, 1, money("3.00"))))
    assert bench.rows("order_lines", "line_number, line_type") == [(1, "gift_card"), (2, "product")]


def test_a_product_that_was_taken_off_the_catalogue_leaves_its_line(bench: ShopifyBench) -> None:
    bench.put("orders", order(1, line(1, 1, money("3.00")) | {"product": None}))
    assert kept(bench, "order_lines", LINES) == [(1, None, "1.0000", "3.0000", "0.0000", "0.0000")]


def test_duties_and_fees_are_a_line(bench: ShopifyBench) -> None:
    duties = {"originalTotalDutiesSet": money("7.00"), "originalTotalAdditionalFeesSet": money("0.50")}
    bench.put("orders", order(1, line(1, 1, money("3.00")), **duties))
    assert kept(bench, "order_lines", f"line_type, {LINES}")[1] == (
        "fee",
        2,
        None,
        "1.0000",
        "7.5000",
        "0.0000",
        "0.0000",
    )
    assert bench.rows("orders", "gross_amount::varchar") == [("10.5000",)]


# Edited orders


def test_units_removed_before_they_were_paid_were_never_sold(bench: ShopifyBench) -> None:
    # Of 3 at 10.00 less 1.00, one is removed: 20.00, 0.67 of 1.00, 1.60 of 2.40. The other line goes as a whole.
    edit = refund(
        7,
        money("0.00"),
        refund_line(1, 1, 1, money("9.67"), money("0.80")),
        refund_line(2, 2, 1, money("5.00"), money("0.42")),
    )
    lines = (
        line(1, 3, money("10.00"), discount=money("1.00"), tax=money("2.40")),
        line(2, 1, money("5.00"), tax=money("0.42")),
        line(3, 1, money("8.00")),
    )
    bench.put("orders", order(1, *lines, refunds=[edit]))
    assert kept(bench, "order_lines", LINES) == [
        (1, "91", "2.0000", "20.0000", "0.6700", "1.6000"),
        (3, "93", "1.0000", "8.0000", "0.0000", "0.0000"),
    ]
    assert bench.rows("orders", MONEY) == [("28.0000", "0.6700", "1.6000", "0.0000")]
    assert kept(bench, "refunds", REFUNDS) == []


def test_units_that_came_back_without_money_stay_sold(bench: ShopifyBench) -> None:
    # The shop kept the money, and says so by an adjustment.
    adjustment = {"id": gid("OrderAdjustment", 1), "reason": "REFUND_DISCREPANCY"}
    adjustment |= {"amountSet": money("20.00"), "taxAmountSet": money("0.00")}
    kept_money = refund(7, money("0.00"), refund_line(1, 1, 1, money("20.00"), money("0")), adjustments=(adjustment,))
    bench.put("orders", order(1, line(1, 1, money("20.00")), refunds=[kept_money]))
    assert kept(bench, "order_lines", LINES)[0][2] == "1.0000"
    assert kept(bench, "refunds", REFUNDS) == []


def test_units_refunded_stay_sold_and_are_refunds(bench: ShopifyBench) -> None:
    back = refund(7, money("20.00"), refund_line(1, 1, 1, money("20.00"), money("3.19")))
    bench.put("orders", order(1, refunds=[back]))
    assert kept(bench, "order_lines", LINES)[0][2] == "2.0000"
    assert kept(bench, "refunds", REFUNDS) == [("7", "91", "1.0000", "20.0000", "3.1900")]


def test_an_order_all_of_whose_lines_were_removed_says_so(bench: ShopifyBench) -> None:
    edit = refund(7, money("0.00"), refund_line(1, 1, 2, money("40.00"), money("0")))
    bench.put("orders", order(1, refunds=[edit]))
    assert bench.rows("order_lines", "_parent, line_number, _deleted_at") == [("1", None, PULLED_AT)]
    assert bench.rows("orders", MONEY) == [("0.0000", "0.0000", "0.0000", "0.0000")]


# Refunds


def test_a_refund_of_lines_and_shipping_is_a_row_each_and_one_for_the_rest(bench: ShopifyBench) -> None:
    # Taxes on top: 10.00 + 1.90, 5.00 + 0.95, and 2.15 is left for shipping, 0.34 of it tax.
    back = refund(
        7,
        money("20.00"),
        refund_line(1, 1, 2, money("10.00"), money("1.90")),
        refund_line(2, 2, 1, money("5.00"), money("0.95")),
        shippings=(
            {"id": gid("RefundShippingLine", 1), "subtotalAmountSet": money("1.81"), "taxAmountSet": money("0.34")},
        ),
    )
    bench.put(
        "orders", order(1, line(1, 2, money("5.00")), line(2, 1, money("5.00")), taxesIncluded=False, refunds=[back])
    )
    assert kept(bench, "refunds", REFUNDS) == [
        ("7", "91", "2.0000", "11.9000", "1.9000"),
        ("7-2", "92", "1.0000", "5.9500", "0.9500"),
        ("7-3", None, None, "2.1500", "0.3400"),
    ]
    columns = "order_id, customer_id, refunded_at, currency, reason"
    assert set(bench.rows("refunds", columns)) == {("1", "5", datetime(2026, 1, 20, 9), "EUR", "too small")}  # noqa: DTZ001


def test_a_refund_of_less_than_its_lines_is_shared_out_to_the_cent(bench: ShopifyBench) -> None:
    # 10.00 for three lines of 10.00: 3.33, 3.34, 3.33. Their tax of 1.60 each: a third.
    lines = [refund_line(number, number, 1, money("10.00"), money("1.60")) for number in (1, 2, 3)]
    bench.put("orders", order(1, refunds=[refund(7, money("10.00"), *lines)]))
    assert kept(bench, "refunds", REFUNDS) == [
        ("7", "91", "1.0000", "3.3300", "0.5300"),
        ("7-2", "92", "1.0000", "3.3400", "0.5300"),
        ("7-3", "93", "1.0000", "3.3300", "0.5300"),
    ]


def test_money_given_back_for_no_line_is_one_row(bench: ShopifyBench) -> None:
    adjustment = {"id": gid("OrderAdjustment", 1), "reason": "REFUND_DISCREPANCY"}
    adjustment |= {"amountSet": money("-4.20"), "taxAmountSet": money("-0.80")}
    bench.put(
        "orders", order(1, refunds=[refund(7, money("5.00"), adjustments=(adjustment,)), refund(8, money("2.00"))])
    )
    assert kept(bench, "refunds", REFUNDS) == [
        ("7", None, None, "5.0000", "0.8000"),
        ("8", None, None, "2.0000", "0.0000"),
    ]


def test_a_free_line_that_came_back_is_worth_nothing(bench: ShopifyBench) -> None:
    back = refund(7, money("3.00"), refund_line(1, 1, 1, money("0.00"), money("0.00")))
    bench.put("orders", order(1, refunds=[back]))
    assert kept(bench, "refunds", REFUNDS) == [
        ("7", "91", "1.0000", "0.0000", "0.0000"),
        ("7-2", None, None, "3.0000", "0.0000"),
    ]


@pytest.mark.parametrize("included", [True, False])
def test_an_order_conserves_its_money(bench: ShopifyBench, included: bool) -> None:
    """Lines less discounts, with tax and shipping, less refunds, is what Shopify says the shop keeps."""
    lines = (
        line(1, 3, money("9.99"), discount=money("2.00"), tax=money("4.47")),
        line(2, 1, money("20.00"), tax=money("3.19")),
    )
    back = refund(7, money("15.55"), refund_line(1, 1, 1, money("9.32"), money("1.49")))
    bench.put(
        "orders",
        order(
            1,
            *lines,
            shippingLines=nodes(shipping(money("4.90"), money("0.78"))),
            taxesIncluded=included,
            refunds=[back],
        ),
    )
    # 29.97 + 20.00 - 2.00 + 4.90 = 52.87, and 8.44 of tax on top where prices are without.
    total = "52.8700" if included else "61.3100"
    kept_by_shop = "37.3200" if included else "45.7600"
    tax = "case when taxes_included then 0 else tax_amount end"
    [(paid,)] = bench.rows("orders", f"(gross_amount - discount_amount + shipping_amount + {tax})::varchar")
    [(of_lines,)] = bench.rows("order_lines", "sum(gross_amount - discount_amount)::varchar", "1")
    [(given,)] = bench.rows("refunds", "sum(amount)::varchar", "1")
    assert (paid, of_lines, given) == (total, "47.9700", "15.5500")
    assert f"{float(paid) - float(given):.4f}" == kept_by_shop


# Deletions


def test_a_deleted_record_lands_as_deleted(bench: ShopifyBench) -> None:
    at = datetime(2026, 1, 5, 7, tzinfo=UTC)
    bench.put("orders", Deleted({"id": gid("Order", 3)}, at))
    bench.put("customers", Deleted({"id": gid("Customer", 5)}, at))
    gone = datetime(2026, 1, 5, 7)  # noqa: DTZ001 - the lake keeps UTC without an offset
    assert bench.rows("customers", "customer_id, _deleted_at") == [("5", gone)]
    assert bench.rows("orders", "order_id, _deleted_at") == [("3", gone)]
    for stream in ("order_lines", "refunds", "coupon_redemptions"):
        assert bench.rows(stream, "_parent, _deleted_at") == [("3", gone)], stream


# Customers, products, carts, coupons


def test_a_customer_with_everything(tmp_path: Path) -> None:
    bench = ShopifyBench(tmp_path, loyalty_metafield="loyalty.card")
    bench.put("customers", customer(5, loyalty={"value": "L9"}))
    assert bench.rows("customers", "* exclude (filename)")[0][:10] == (
        *("5", "ann@example.com", "+493012345", "Ann", "Lee", "L9", "DE", date(1990, 2, 28)),
        *(datetime(2025, 12, 1, 10), datetime(2026, 1, 1, 10)),  # noqa: DTZ001
    )


def test_a_customer_with_nothing(bench: ShopifyBench) -> None:
    empty = dict.fromkeys(("defaultEmailAddress", "defaultPhoneNumber", "defaultAddress", "birthDate"))
    bench.put("customers", customer(5, firstName=None, lastName=None, **empty))
    assert bench.rows("customers", "* exclude (filename)")[0][1:8] == (None,) * 7


def product(**changes: Any) -> dict[str, Any]:
    found = {"id": gid("Product", 1), "title": "Shirt", "productType": "Shirts", "vendor": "ACME"}
    found |= {"category": {"name": "Shirts & Tops", "fullName": "Apparel & Accessories > Clothing > Shirts & Tops"}}
    found |= {"priceRangeV2": {"minVariantPrice": {"amount": "7.00"}}}
    second = {"id": "b", "position": 2, "price": "7.00", "inventoryItem": {"unitCost": {"amount": "1.00"}}}
    first = {"id": "a", "position": 1, "price": "9.00", "inventoryItem": {"unitCost": {"amount": "2.50"}}}
    return found | {"variants": nodes(second, first)} | changes


def test_a_product_has_the_price_and_cost_of_its_first_variant(bench: ShopifyBench) -> None:
    bench.put("products", product())
    columns = "product_id, name, category, department, brand, unit_price::varchar, unit_cost::varchar"
    assert bench.rows("products", columns) == [("1", "Shirt", "Shirts", "Shirts & Tops", "ACME", "9.0000", "2.5000")]


def test_an_unknown_cost_is_no_cost_of_nothing(bench: ShopifyBench) -> None:
    variant = {"id": "a", "position": 1, "price": "9.00", "inventoryItem": {"unitCost": None}}
    bench.put("products", product(variants=nodes(variant)))
    assert bench.rows("products", "unit_cost") == [(None,)]


@pytest.mark.parametrize(
    ("own", "category", "expected"),
    [
        ("", {"name": "Shirts", "fullName": "Apparel > Clothing > Shirts"}, ("Shirts", "Clothing")),
        ("", {"name": "Apparel", "fullName": "Apparel"}, ("Apparel", None)),
        ("Tees", None, ("Tees", None)),
        ("", None, (None, None)),
    ],
)
def test_the_category_is_the_shops_own_type_or_shopifys(
    bench: ShopifyBench, own: str, category: dict[str, str] | None, expected: tuple[str | None, str | None]
) -> None:
    bench.put("products", product(productType=own, category=category))
    assert bench.rows("products", "category, department") == [expected]


def test_carts_are_checkouts_left_and_orders_of_the_web_shop(bench: ShopifyBench) -> None:
    price = {"amount": "30.00", "currencyCode": "EUR"}
    left = {"id": gid("AbandonedCheckout", 4), "createdAt": "2026-01-09T08:00:00Z", "completedAt": None}
    left |= {"updatedAt": "2026-01-09T09:00:00Z", "customer": {"id": gid("Customer", 5)}}
    left |= {
        "customAttributes": [{"key": "session_id", "value": "s1"}],
        "lineItems": nodes({"quantity": 2}, {"quantity": 1}),
    }
    left |= {"subtotalPriceSet": {"shopMoney": price, "presentmentMoney": price}}
    recovered = left | {"id": gid("AbandonedCheckout", 6), "completedAt": "2026-01-12T08:00:00Z"}
    bench.put("abandoned_checkouts", left, recovered)
    bench.put("orders", order(1), order(2, sourceName="pos"))
    columns = "cart_id, customer_id, session_id, order_id, items_count, amount::varchar, currency"
    assert sorted(kept(bench, "carts", columns)) == [
        ("4", "5", "s1", None, 3, "30.0000", "EUR"),
        ("order-1", "5", None, "1", 2, "40.0000", "EUR"),
    ]


def test_each_code_of_an_order_is_a_redemption(bench: ShopifyBench) -> None:
    bench.put("orders", order(1, discountCodes=["A", "B"]), order(2))
    columns = "redemption_id, customer_id, coupon_code, order_id, redeemed_at"
    at = datetime(2026, 1, 10, 8, 0, 1)  # noqa: DTZ001
    assert kept(bench, "coupon_redemptions", columns) == [("1-A", "5", "A", "1", at), ("1-B", "5", "B", "1", at)]


# Options


@pytest.mark.parametrize(
    "options",
    [
        {"money": "both"},
        {"loyalty_metafield": "card"},
        {"birth_date_metafield": 'a.b") { id } #.c'},
        {"session_attribute": "it's"},
        {"bulk_above": 25_001},
        {"poll_seconds": 0},
        {"colour": "red"},
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, options: dict[str, Any]) -> None:
    bench = ShopifyBench(tmp_path)
    text = bench.path.read_text().replace("options: {}", f"options: {options}")
    bench.path.write_text(text)
    with pytest.raises(MappingError, match=next(iter(options))):
        read_mapping(bench.path)

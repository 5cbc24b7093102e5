"""WooCommerce's records as its API gives them."""

from __future__ import annotations

from itertools import count
from typing import Any

Json = dict[str, Any]
_numbers = count(500)


def line(
    product: int, quantity: float, subtotal: str, subtotal_tax: str, total: str, total_tax: str, **more: Any
) -> Json:
    """A line item; amounts without tax, before and after discounts, each with its tax."""
    amounts = {"subtotal": subtotal, "subtotal_tax": subtotal_tax, "total": total, "total_tax": total_tax}
    ids = {"id": next(_numbers), "product_id": product, "variation_id": 0}
    return ids | {"quantity": quantity, "price": float(total) / (quantity or 1)} | amounts | more


def fee(total: str, total_tax: str) -> Json:
    """A fee, or with a minus a discount that somebody entered as one."""
    return {"id": next(_numbers), "name": "Fee", "total": total, "total_tax": total_tax}


def coupon(number: int, code: str) -> Json:
    """A coupon line."""
    return {"id": number, "code": code, "discount": "2.00", "discount_tax": "0.40"}


def refund(number: int, amount: str, *lines: Json, **more: Any) -> Json:
    """A refund as /orders/<id>/refunds lists it."""
    found = {"id": number, "date_created_gmt": "2026-01-20T09:00:00", "amount": amount, "reason": "too small"}
    return found | {"line_items": list(lines), "shipping_lines": [], "fee_lines": []} | more


# Two at 12.00 with 20 % tax, 10 % off by coupon, 6.00 shipping with tax: 27.60 in all, 4.60 of it tax.
SHIRTS = ("20.00", "4.00", "18.00", "3.60")


def order(id_: int, /, *, included: bool = True, **changes: Any) -> Json:
    """An order of two shirts, 27.60 with shipping and tax, unless said otherwise."""
    found = {
        "id": id_,
        "number": f"W-{id_}",
        "status": "processing",
        "created_via": "checkout",
        "currency": "EUR",
        "date_created": "2026-01-10T09:00:00",
        "date_created_gmt": "2026-01-10T08:00:00",
        "date_modified_gmt": "2026-01-10T08:05:00",
        "prices_include_tax": included,
        "discount_total": "2.00",
        "discount_tax": "0.40",
        "shipping_total": "5.00",
        "shipping_tax": "1.00",
        "total": "27.60",
        "total_tax": "4.60",
        "customer_id": 5,
        "billing": {"email": "ann@example.com", "phone": "030 12345", "country": "DE"},
        "line_items": [line(7, 2, *SHIRTS)],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
    }
    assert set(changes) <= {*found, "refund_records"}
    return found | changes


def customer(number: int, **changes: Any) -> Json:
    """A customer with everything."""
    return {
        "id": number,
        "date_created_gmt": "2025-12-01T10:00:00",
        "date_modified_gmt": "2026-01-01T10:00:00",
        "email": "ann@example.com",
        "first_name": "Ann",
        "last_name": "Lee",
        "role": "customer",
        "billing": {
            "first_name": "Anna",
            "last_name": "Li",
            "email": "b@example.com",
            "phone": "030 1",
            "country": "DE",
        },
        "shipping": {"country": "AT"},
    } | changes


def product(number: int, **changes: Any) -> Json:
    """A product without variations, in a category below another and in one that is not."""
    return {
        "id": number,
        "name": "Shirt &amp; Tie",
        "date_modified_gmt": "2026-01-01T10:00:00",
        "price": "9.00",
        "regular_price": "12.00",
        "categories": [{"id": 1, "name": "Clothing"}, {"id": 2, "name": "Shirts &amp; Co"}],
        "brands": [{"id": 3, "name": "Alder"}],
        "attributes": [{"id": 0, "name": "Size", "options": ["S", "M"]}],
        "variations": [],
    } | changes


CATEGORIES = (
    {"id": 1, "name": "Clothing", "parent": 0},
    {"id": 2, "name": "Shirts &amp; Co", "parent": 1},
)

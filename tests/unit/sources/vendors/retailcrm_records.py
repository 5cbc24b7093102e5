"""retailCRM's records as its API gives them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

STATUSES = (
    {"code": "new", "name": "New", "group": "new"},
    {"code": "delivering", "name": "Under way", "group": "delivery"},
    {"code": "complete", "name": "Done", "group": "complete"},
    {"code": "no-call", "name": "Not reached", "group": "cancel"},
)
GROUPS = ({"id": 1, "name": "Clothing"}, {"id": 2, "name": "Shirts", "parentId": 1})


def item(offer: int, quantity: float, price: float, discount: float = 0, vat: Any = 20) -> Json:
    """A line; price and discount are of one unit and contain the VAT."""
    amounts = {"quantity": quantity, "initialPrice": price, "discountTotal": discount, "vatRate": vat}
    return {"id": 500 + offer, "offer": {"id": offer, "name": "Shirt"}, "status": "new"} | amounts


def order(id_: int, /, **changes: Any) -> Json:
    """Two shirts at 12.00 with 20 % VAT, 1.20 off each, and 6.00 delivery."""
    found = {
        "id": id_,
        "number": f"{id_}C",
        "orderMethod": "shopping-cart",
        "createdAt": "2026-01-10 12:00:00",
        "currency": "RUB",
        "totalSumm": 27.6,
        "email": "ann@example.com",
        "phone": "+70000000001",
        "customer": {"type": "customer", "id": 5, "email": "old@example.com"},
        "contact": {"type": "customer", "id": 5},
        "delivery": {"cost": 6, "netCost": 0},
        "site": "shop",
        "status": "complete",
        "items": [item(7, 2, 12, 1.2)],
    }
    assert set(changes) <= set(found)
    return found | changes


def customer(id_: int, /, **changes: Any) -> Json:
    """A customer with everything."""
    return {
        "type": "customer",
        "id": id_,
        "createdAt": "2026-01-10 12:00:00",
        "firstName": "Ann",
        "lastName": "Lee",
        "email": "ann@example.com",
        "phones": [{"number": "+70000000001"}, {"number": "+70000000002"}],
        "birthday": "1990-02-28",
        "address": {"countryIso": "RU"},
        "site": "shop",
    } | changes


def product(id_: int, /, **changes: Any) -> Json:
    """A product of two offers, in a group below another and in one that is not."""
    return {
        "id": id_,
        "name": "Shirt",
        "manufacturer": "Alder",
        "groups": [{"id": 1, "externalId": "a"}, {"id": 2, "externalId": "b"}],
        "offers": [
            {"id": 71, "name": "Shirt S", "price": 12, "purchasePrice": 4.5},
            {"id": 72, "name": "", "price": 13, "purchasePrice": 0},
        ],
    } | changes

"""Shopify's records as its API gives them, and the contract rows that a mapping makes of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from include.lake.layout import Lake
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.sources.pull.base import Deleted, Resource
from include.sources.pull.raw import pulled
from include.sources.vendors.shopify import VENDOR, ShopifyOptions
from tests.unit.sources.bench import plain_settings

PULLED_AT = datetime(2026, 2, 1)  # noqa: DTZ001 - the lake keeps UTC without an offset
Json = dict[str, Any]


def gid(kind: str, number: int | str) -> str:
    """Shopify's id."""
    return f"gid://shopify/{kind}/{number}"


def money(shop: str, presentment: str | None = None) -> Json:
    """An amount in both currencies."""
    return {"shopMoney": {"amount": shop}, "presentmentMoney": {"amount": presentment or shop}}


def nodes(*records: Json) -> Json:
    """A connection."""
    return {"nodes": list(records)}


def line(number: int, quantity: int, price: Json, *, discount: Json | None = None, tax: Json | None = None) -> Json:
    """A line item of product 9<number>."""
    return {
        "id": gid("LineItem", number),
        "quantity": quantity,
        "isGiftCard": False,
        "sku": None,
        "product": {"id": gid("Product", f"9{number}")},
        "originalUnitPriceSet": price,
        "discountAllocations": [{"allocatedAmountSet": discount}] if discount else [],
        "taxLines": [{"priceSet": tax}] if tax else [],
    }


def shipping(price: Json, tax: Json | None = None, *, removed: bool = False) -> Json:
    """A shipping line."""
    lines = [{"priceSet": tax}] if tax else []
    return {"id": gid("ShippingLine", 1), "isRemoved": removed, "discountedPriceSet": price, "taxLines": lines}


def refund_line(number: int, of_line: int, quantity: int, subtotal: Json, tax: Json) -> Json:
    """A line of a refund."""
    item = {"id": gid("LineItem", of_line), "product": {"id": gid("Product", f"9{of_line}")}}
    found = {"id": gid("RefundLineItem", number), "quantity": quantity, "lineItem": item}
    return found | {"subtotalSet": subtotal, "totalTaxSet": tax}


def refund(
    number: int, total: Json, *lines: Json, adjustments: tuple[Json, ...] = (), shippings: tuple[Json, ...] = ()
) -> Json:
    """A refund."""
    return {
        "id": gid("Refund", number),
        "processedAt": "2026-01-20T09:00:00Z",
        "note": "too small",
        "totalRefundedSet": total,
        "refundLineItems": nodes(*lines),
        "orderAdjustments": nodes(*adjustments),
        "refundShippingLines": nodes(*shippings),
    }


def order(number: int, *lines: Json, **changes: Any) -> Json:
    """An order of two shirts at 20.00 and nothing else, unless said otherwise."""
    found = {
        "id": gid("Order", number),
        "name": f"#{number}",
        "createdAt": "2026-01-10T08:00:00Z",
        "processedAt": "2026-01-10T08:00:01Z",
        "updatedAt": "2026-01-10T08:00:05Z",
        "cancelledAt": None,
        "test": False,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "edited": False,
        "email": "ann@example.com",
        "currencyCode": "EUR",
        "presentmentCurrencyCode": "EUR",
        "taxesIncluded": True,
        "sourceName": "web",
        "discountCodes": [],
        "customer": {"id": gid("Customer", 5)},
        "customAttributes": [],
        "attribution": None,
        "retailLocation": None,
        "totalPriceSet": money("40.00"),
        "totalRefundedSet": money("0.00"),
        "originalTotalDutiesSet": None,
        "originalTotalAdditionalFeesSet": None,
        "lineItems": nodes(*(lines or (line(1, 2, money("20.00")),))),
        "shippingLines": nodes(),
        "refunds": [],
    }
    assert set(changes) <= set(found)
    return found | changes


def customer(number: int, **changes: Any) -> Json:
    """A customer with everything."""
    return {
        "id": gid("Customer", number),
        "createdAt": "2025-12-01T10:00:00Z",
        "updatedAt": "2026-01-01T10:00:00Z",
        "firstName": "Ann",
        "lastName": "Lee",
        "defaultEmailAddress": {"emailAddress": "ann@example.com"},
        "defaultPhoneNumber": {"phoneNumber": "+493012345"},
        "defaultAddress": {"countryCodeV2": "DE"},
        "birthDate": {"value": "1990-02-28"},
    } | changes


class ShopifyBench:
    """A lake into which raw records, or a tool's tables, are laid, and read through a shape's mapping."""

    def __init__(self, folder: Path, shape: str = "perennial", **options: Any) -> None:
        self.settings = plain_settings(folder / "data")
        self.lake = Lake(self.settings)
        self.base = folder / "tables"
        self.options = ShopifyOptions(**options)
        self.path = self.settings.data_dir / "shop.yml"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content: Json = {"source": "shop", "vendor": "shopify", "shape": shape, "time_zone": "Europe/Berlin"}
        pulled_from = {"connection": "shopify_shop", "options": options}
        content |= pulled_from if shape == "perennial" else {"base": str(self.base)}
        self.path.write_text(yaml.safe_dump(content))

    def resource(self, name: str) -> Resource:
        """A resource of the vendor."""
        return next(one for one in VENDOR.resources(self.options) if one.name == name)

    def put(self, name: str, *records: Json | Deleted, at: datetime = PULLED_AT) -> None:
        """Lay a file of raw records."""
        folder = self.lake.raw("shop") / name
        with pulled(folder, self.resource(name), [records], at) as found:
            found.land(f"until_{at:%Y%m%dT%H%M%SZ}.parquet")

    def rows(self, stream: str, columns: str, order_by: str = "filename, _row") -> list[tuple[Any, ...]]:
        """Contract rows of a stream as they would land, decimals as text; deleted ones too."""
        extract(self.settings, read_mapping(self.path), stream)
        files = f"{self.lake.incoming('shop', stream)}/*.parquet"
        return duckdb.sql(
            f"select {columns} from read_parquet('{files}', filename = true) order by {order_by}"
        ).fetchall()

"""Shopify's records as other tools lay them into tables: Fivetran's and Airbyte's all text, as copied from PostgreSQL.

dlt's tables are made by dlt itself.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Json = dict[str, Any]
Tables = dict[str, list[Json]]
SYNCED = "2026-02-01T00:00:00Z"

# Tables that may be empty keep their columns.
FIVETRAN_COLUMNS = {
    "customer_address": ("customer_id", "is_default", "country_code"),
    "metafield": ("owner_id", "owner_resource", "namespace", "key", "value"),
    "discount_allocation": ("order_line_id", "index", "allocated_amount_set_shop_amount"),
    "order_line_tax_line": ("order_line_id", "index", "price_set_shop_amount"),
    "order_shipping_line": ("id", "order_id", "is_removed", "discounted_price_set_shop_amount"),
    "order_shipping_tax_line": ("order_shipping_line_id", "index", "price_set_shop_amount"),
    "refund": ("id", "order_id", "created_at", "note", "total_refunded_set_shop_amount"),
    "refund_line_item": (
        *("id", "refund_id", "order_line_id", "quantity", "subtotal_set_shop_amount", "total_tax_set_shop_amount"),
    ),
    "order_adjustment": ("id", "refund_id", "amount_set_shop_amount", "tax_amount_set_shop_amount"),
    "order_discount_code": ("order_id", "index", "code"),
    "order_custom_attribute": ("order_id", "key", "value"),
    "abandoned_checkout": (
        *("id", "created_at", "completed_at", "customer_id", "subtotal_price_set_shop_amount", "_fivetran_synced"),
        *("_fivetran_deleted", "subtotal_price_set_shop_currency_code"),
    ),
}


def number(gid: str | None) -> str | None:
    """The number at the end of an id."""
    return gid and gid.rsplit("/", 1)[1]


def shop(amount: Json | None) -> str | None:
    """The amount in the shop's currency."""
    return amount and amount["shopMoney"]["amount"]


def write(folder: Path, tables: Tables, columns: dict[str, tuple[str, ...]]) -> None:
    """Write a Parquet file of texts per table."""
    for name in {*tables, *columns}:
        rows = tables.get(name, [])
        names = list(dict.fromkeys([*columns.get(name, ()), *(key for row in rows for key in row)]))
        content = {key: pa.array([_text(row.get(key)) for row in rows], pa.string()) for key in names}
        (folder / name).mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(content), folder / name / "all.parquet")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value)


def fivetran(customers: list[Json], products: list[Json], orders: list[Json], checkouts: list[Json]) -> Tables:
    """Return Fivetran's tables."""
    tables: Tables = defaultdict(list)
    for one in customers:
        key = number(one["id"])
        email, phone = one["defaultEmailAddress"], one["defaultPhoneNumber"]
        tables["customer"].append(
            {"id": key, "email": email and email["emailAddress"], "phone": phone and phone["phoneNumber"]}
            | {"first_name": one["firstName"], "last_name": one["lastName"], "created_at": one["createdAt"]}
            | {"updated_at": one["updatedAt"], "_fivetran_synced": SYNCED}
        )
        if one["defaultAddress"]:
            address = {"customer_id": key, "is_default": True, "country_code": one["defaultAddress"]["countryCodeV2"]}
            tables["customer_address"] += [address, {"customer_id": key, "is_default": False, "country_code": "XX"}]
        if one["birthDate"]:
            field = {"owner_id": key, "owner_resource": "customer", "namespace": "facts", "key": "birth_date"}
            tables["metafield"].append(field | {"value": one["birthDate"]["value"]})
    for one in products:
        key = number(one["id"])
        tables["product"].append(
            {"id": key, "title": one["title"], "product_type": one["productType"], "vendor": one["vendor"]}
        )
        for variant in one["variants"]["nodes"]:
            item, cost = f"9{number(variant['id'])}", variant["inventoryItem"]["unitCost"]
            tables["product_variant"].append(
                {
                    "id": number(variant["id"]),
                    "product_id": key,
                    "position": variant["position"],
                    "price": variant["price"],
                }
                | {"inventory_item_id": item}
            )
            tables["inventory_item"].append({"id": item, "unit_cost_amount": cost and cost["amount"]})
    for one in orders:
        _fivetran_order(tables, one)
    for one in checkouts:
        price = one["subtotalPriceSet"]["shopMoney"]
        tables["abandoned_checkout"].append(
            {"id": number(one["id"]), "created_at": one["createdAt"], "completed_at": one["completedAt"]}
            | {"customer_id": number(one["customer"] and one["customer"]["id"]), "_fivetran_synced": SYNCED}
            | {"_fivetran_deleted": False, "subtotal_price_set_shop_amount": price["amount"]}
            | {"subtotal_price_set_shop_currency_code": price["currencyCode"]}
        )
    return tables


def _fivetran_order(tables: Tables, one: Json) -> None:
    key = number(one["id"])
    tables["order"].append(
        {"id": key, "name": one["name"], "created_at": one["createdAt"], "processed_at": one["processedAt"]}
        | {"cancelled_at": one["cancelledAt"], "test": one["test"], "email": one["email"]}
        | {"display_financial_status": one["displayFinancialStatus"], "currency_code": one["currencyCode"]}
        | {"taxes_included": one["taxesIncluded"], "source_name": one["sourceName"]}
        | {"customer_id": number(one["customer"] and one["customer"]["id"]), "_fivetran_deleted": False}
        | {"location_id": number(one["retailLocation"] and one["retailLocation"]["id"]), "_fivetran_synced": SYNCED}
    )
    tables["order_discount_code"] += [
        {"order_id": key, "index": i, "code": code} for i, code in enumerate(one["discountCodes"])
    ]
    tables["order_custom_attribute"] += [
        {"order_id": key, "key": each["key"], "value": each["value"]} for each in one["customAttributes"]
    ]
    for line in one["lineItems"]["nodes"]:
        line_id, total = number(line["id"]), float(shop(line["originalUnitPriceSet"]) or 0) * line["quantity"]
        tables["order_line"].append(
            {"id": line_id, "order_id": key, "quantity": line["quantity"], "is_gift_card": line["isGiftCard"]}
            | {
                "product_id": number(line["product"] and line["product"]["id"]),
                "original_total_set_shop_amount": f"{total:.2f}",
            }
        )
        tables["discount_allocation"] += [
            {"order_line_id": line_id, "index": i, "allocated_amount_set_shop_amount": shop(each["allocatedAmountSet"])}
            for i, each in enumerate(line["discountAllocations"])
        ]
        tables["order_line_tax_line"] += [
            {"order_line_id": line_id, "index": i, "price_set_shop_amount": shop(each["priceSet"])}
            for i, each in enumerate(line["taxLines"])
        ]
    for i, each in enumerate(one["shippingLines"]["nodes"]):
        line_id = f"{key}{i}"
        price = {"is_removed": each["isRemoved"], "discounted_price_set_shop_amount": shop(each["discountedPriceSet"])}
        tables["order_shipping_line"].append({"id": line_id, "order_id": key} | price)
        tables["order_shipping_tax_line"] += [
            {"order_shipping_line_id": line_id, "index": n, "price_set_shop_amount": shop(tax["priceSet"])}
            for n, tax in enumerate(each["taxLines"])
        ]
    for refund in one["refunds"]:
        refund_id = number(refund["id"])
        given = {"note": refund["note"], "total_refunded_set_shop_amount": shop(refund["totalRefundedSet"])}
        tables["refund"].append({"id": refund_id, "order_id": key, "created_at": refund["processedAt"]} | given)
        tables["refund_line_item"] += [
            {"id": number(each["id"]), "refund_id": refund_id, "order_line_id": number(each["lineItem"]["id"])}
            | {"quantity": each["quantity"], "subtotal_set_shop_amount": shop(each["subtotalSet"])}
            | {"total_tax_set_shop_amount": shop(each["totalTaxSet"])}
            for each in refund["refundLineItems"]["nodes"]
        ]
        tables["order_adjustment"] += [
            {"id": number(each["id"]), "refund_id": refund_id, "amount_set_shop_amount": shop(each["amountSet"])}
            | {"tax_amount_set_shop_amount": shop(each["taxAmountSet"])}
            for each in refund["orderAdjustments"]["nodes"]
        ]


def airbyte(customers: list[Json], products: list[Json], orders: list[Json], checkouts: list[Json]) -> Tables:
    """Return Airbyte's tables."""
    tables: Tables = defaultdict(list)
    for one in customers:
        email, phone, address = one["defaultEmailAddress"], one["defaultPhoneNumber"], one["defaultAddress"]
        tables["customers"].append(
            {"id": _int(one["id"]), "email": email and email["emailAddress"], "phone": phone and phone["phoneNumber"]}
            | {"first_name": one["firstName"], "last_name": one["lastName"], "created_at": one["createdAt"]}
            | {
                "updated_at": one["updatedAt"],
                "default_address": address and {"country_code": address["countryCodeV2"]},
            }
        )
        if one["birthDate"]:
            field = {"owner_id": _int(one["id"]), "namespace": "facts", "key": "birth_date"}
            tables["metafield_customers"].append(field | {"value": one["birthDate"]["value"]})
    for one in products:
        tables["products"].append(
            {"id": _int(one["id"]), "title": one["title"], "product_type": one["productType"], "vendor": one["vendor"]}
        )
        for variant in one["variants"]["nodes"]:
            item, cost = int(f"9{number(variant['id'])}"), variant["inventoryItem"]["unitCost"]
            tables["product_variants"].append(
                {"id": _int(variant["id"]), "product_id": _int(one["id"]), "position": variant["position"]}
                | {"price": float(variant["price"]), "inventory_item_id": item}
            )
            tables["inventory_items"].append({"id": item, "cost": cost and float(cost["amount"])})
    tables["orders"] = [_rest_order(one) for one in orders]
    for one in checkouts:
        price = one["subtotalPriceSet"]["shopMoney"]
        tables["abandoned_checkouts"].append(
            {"id": _int(one["id"]), "created_at": one["createdAt"], "updated_at": one["updatedAt"]}
            | {"completed_at": one["completedAt"], "customer": one["customer"] and {"id": _int(one["customer"]["id"])}}
            | {"subtotal_price": float(price["amount"]), "currency": price["currencyCode"]}
            | {"line_items": [{"quantity": each["quantity"]} for each in one["lineItems"]["nodes"]]}
            | {"note_attributes": _note_attributes(one)}
        )
    return tables


def rest(customers: list[Json], products: list[Json], orders: list[Json], checkouts: list[Json]) -> Tables:
    """Return the records as the REST Admin API gives them to dlt's source: amounts are text, variants nested."""
    # dlt's source asks for no checkouts.
    del checkouts
    flat = airbyte(customers, products, orders, [])
    for one in flat["products"]:
        one["variants"] = [
            {"id": each["id"], "position": each["position"], "price": each["price"]}
            for each in flat["product_variants"]
            if each["product_id"] == one["id"]
        ]
    found = {name: flat[name] for name in ("customers", "products", "orders")}
    for one in found["orders"]:
        # Airbyte's own, which REST does not have.
        del one["deleted_at"]
        # Names that its nested records have as well.
        one |= {
            "number": one["id"],
            "order_number": 1000 + one["id"],
            "note": "ring twice",
            "quantity": 1,
            "price": "1.00",
        }
        for line in one["line_items"]:
            line |= {"name": "Shirt", "price": "1.00", "total_discount": "0.00"}
        for refund in one["refunds"]:
            refund |= {"order_id": one["id"], "created_at": one["created_at"]}
            for number, each in enumerate([*refund["transactions"], *refund["refund_line_items"]]):
                each |= {"id": 100 * refund["id"] + number, "location_id": None, "note": "no"}
    return {name: [_amounts_as_text(one) for one in rows] for name, rows in found.items()}


def _amounts_as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _amounts_as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_amounts_as_text(inner) for inner in value]
    return f"{value:.2f}" if isinstance(value, float) else value


def loaded_by_dlt(folder: Path, *loads: Tables, max_table_nesting: int | None = None) -> Path:
    """Have dlt load records one load after the other, as its source declares them.

    Args:
        max_table_nesting: dlt's setting; None, its default, nests to any depth.

    Returns:
        The database with the tables, in the schema `shopify`.
    """
    database = folder / "tables.duckdb"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        pipeline = dlt.pipeline(
            "shopify",
            destination=dlt.destinations.duckdb(str(database)),
            dataset_name="shopify",
            pipelines_dir=str(folder / "pipelines"),
        )
        for tables in loads:
            pipeline.run(_source(tables, max_table_nesting))
    return database


def _source(tables: Tables, max_table_nesting: int | None) -> Any:
    @dlt.source(name="shopify", max_table_nesting=max_table_nesting)
    def shopify() -> list[Any]:
        return [
            dlt.resource(rows, name=name, primary_key="id", write_disposition="merge") for name, rows in tables.items()
        ]

    return shopify()


def export(database: Path, folder: Path, *, as_text: bool = False) -> None:
    """Write dlt's tables as Parquet, a folder each."""
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        for name, *_ in con.execute("select table_name from duckdb_tables() where schema_name = 'shopify'").fetchall():
            (folder / name).mkdir(parents=True, exist_ok=True)
            columns = "cast(columns(*) as varchar)" if as_text else "*"
            con.execute(
                f"copy (select {columns} from shopify.{name}) to '{folder / name / 'all.parquet'}' (format parquet)"
            )


def _rest_order(one: Json) -> Json:
    location = one["retailLocation"]
    status = one["displayFinancialStatus"]
    return {
        "id": _int(one["id"]),
        "name": one["name"],
        "created_at": one["createdAt"],
        "processed_at": one["processedAt"],
        "updated_at": one["updatedAt"],
        "cancelled_at": one["cancelledAt"],
        "deleted_at": None,
        "test": one["test"],
        "financial_status": status and status.lower(),
        "email": one["email"],
        "currency": one["currencyCode"],
        "presentment_currency": one["presentmentCurrencyCode"],
        "taxes_included": one["taxesIncluded"],
        "source_name": one["sourceName"],
        "location_id": location and _int(location["id"]),
        "customer": one["customer"] and {"id": _int(one["customer"]["id"])},
        "discount_codes": [{"code": code} for code in one["discountCodes"]],
        "note_attributes": _note_attributes(one),
        "total_price_set": _both(one["totalPriceSet"]),
        "original_total_duties_set": _both(one["originalTotalDutiesSet"]),
        "original_total_additional_fees_set": _both(one["originalTotalAdditionalFeesSet"]),
        "line_items": [
            {"id": _int(line["id"]), "quantity": line["quantity"], "gift_card": line["isGiftCard"]}
            | {"product_id": line["product"] and _int(line["product"]["id"])}
            | {"price_set": _both(line["originalUnitPriceSet"])}
            | {
                "discount_allocations": [
                    {"amount_set": _both(each["allocatedAmountSet"])} for each in line["discountAllocations"]
                ]
            }
            | {"tax_lines": [{"price_set": _both(each["priceSet"])} for each in line["taxLines"]]}
            for line in one["lineItems"]["nodes"]
        ],
        "shipping_lines": [
            {"is_removed": each["isRemoved"], "discounted_price_set": _both(each["discountedPriceSet"])}
            | {"tax_lines": [{"price_set": _both(tax["priceSet"])} for tax in each["taxLines"]]}
            for each in one["shippingLines"]["nodes"]
        ],
        "refunds": [_rest_refund(one, refund) for refund in one["refunds"]],
    }


def _rest_refund(order: Json, refund: Json) -> Json:
    # What was given back is told in the customer's currency.
    given = refund["totalRefundedSet"]["presentmentMoney"]["amount"]
    paid = {"kind": "refund", "status": "success", "amount": given, "currency": order["presentmentCurrencyCode"]}
    failed = paid | {"status": "failure"}
    return {
        "id": _int(refund["id"]),
        "processed_at": refund["processedAt"],
        "note": refund["note"],
        "transactions": [paid, failed] if float(given) else [],
        "order_adjustments": [
            {"id": _int(each["id"]), "tax_amount_set": _both(each["taxAmountSet"])}
            for each in refund["orderAdjustments"]["nodes"]
        ],
        "refund_shipping_lines": [
            {"tax_amount_set": _both(each["taxAmountSet"])} for each in refund["refundShippingLines"]["nodes"]
        ],
        "refund_line_items": [
            {"quantity": each["quantity"], "line_item_id": _int(each["lineItem"]["id"])}
            | {"line_item": {"product_id": each["lineItem"]["product"] and _int(each["lineItem"]["product"]["id"])}}
            | {"subtotal_set": _both(each["subtotalSet"]), "total_tax_set": _both(each["totalTaxSet"])}
            for each in refund["refundLineItems"]["nodes"]
        ],
    }


def _note_attributes(one: Json) -> list[Json]:
    return [{"name": each["key"], "value": each["value"]} for each in one["customAttributes"]]


def _both(amount: Json | None) -> Json | None:
    if amount is None:
        return None
    return {
        "shop_money": {"amount": float(amount["shopMoney"]["amount"])},
        "presentment_money": {"amount": float(amount["presentmentMoney"]["amount"])},
    }


def _int(gid: str) -> int:
    return int(gid.rsplit("/", 1)[1])

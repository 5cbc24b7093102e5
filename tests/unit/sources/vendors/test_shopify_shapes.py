"""The same records through the tables of Fivetran, Airbyte and dlt: the same contract rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.sources import source_file
from include.sources.entities import all_entities
from include.sources.readers import SourceFileError
from tests.contracts.specs import spec_file
from tests.unit.sources.vendors import shopify_tables
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
    shipping,
)

Json = dict[str, Any]
STREAMS = ("customers", "products", "orders", "order_lines", "refunds", "carts", "coupon_redemptions")
# What a tool does not lay into its tables.
ABSENT = {
    "fivetran": {"carts": {"items_count", "session_id"}, "products": {"department"}},
    "airbyte": {"products": {"department"}},
    # No metafields, no inventory items; carts are missing altogether.
    "dlt": {"customers": {"birth_date"}, "products": {"department", "unit_cost"}},
}
DLT_STREAMS = tuple(name for name in STREAMS if name != "carts")


def records() -> dict[str, list[Json]]:
    nobody = dict.fromkeys(("defaultEmailAddress", "defaultPhoneNumber", "defaultAddress", "birthDate"))
    variants = nodes(
        {
            "id": gid("ProductVariant", 2),
            "position": 2,
            "price": "7.00",
            "inventoryItem": {"unitCost": {"amount": "1.00"}},
        },
        {"id": gid("ProductVariant", 1), "position": 1, "price": "9.00", "inventoryItem": {"unitCost": None}},
    )
    product = {"id": gid("Product", 1), "title": "Shirt", "productType": "Shirts", "vendor": "ACME", "category": None}
    product |= {"priceRangeV2": {"minVariantPrice": {"amount": "7.00"}}, "variants": variants}
    price = {"amount": "30.00", "currencyCode": "EUR"}
    checkout = {"id": gid("AbandonedCheckout", 4), "createdAt": "2026-01-09T08:00:00Z", "completedAt": None}
    checkout |= {"updatedAt": "2026-01-09T09:00:00Z", "customer": {"id": gid("Customer", 5)}, "customAttributes": []}
    checkout |= {
        "lineItems": nodes({"quantity": 2}),
        "subtotalPriceSet": {"shopMoney": price, "presentmentMoney": price},
    }
    return {
        "customers": [customer(5), customer(6, firstName=None, lastName=None, **nobody)],
        "products": [product],
        "orders": orders(),
        "checkouts": [checkout, checkout | {"id": gid("AbandonedCheckout", 7), "completedAt": "2026-01-09T10:00:00Z"}],
    }


def orders() -> list[Json]:
    adjustment = {
        "id": gid("OrderAdjustment", 1),
        "reason": None,
        "amountSet": money("-4.20"),
        "taxAmountSet": money("-0.80"),
    }
    edit = refund(20, money("0.00"), refund_line(1, 31, 1, money("9.67"), money("0.80")))
    return [
        order(
            1,
            line(11, 2, money("10.00"), discount=money("1.00"), tax=money("3.03")),
            line(12, 1, money("50.00")) | {"isGiftCard": True},
            shippingLines=nodes(shipping(money("4.90"), money("0.78")), shipping(money("9.90"), removed=True)),
            discountCodes=["WELCOME10", "SECOND"],
            customAttributes=[{"key": "session_id", "value": "s77"}],
        ),
        order(
            2,
            line(21, 1, money("9.00")) | {"product": None},
            customer=None,
            sourceName="pos",
            retailLocation={"id": gid("Location", 6)},
        ),
        order(
            3,
            line(31, 3, money("10.00"), discount=money("1.00"), tax=money("2.40")),
            line(32, 1, money("5.00")),
            refunds=[edit],
        ),
        order(
            4,
            line(41, 2, money("5.00"), tax=money("1.90")),
            line(42, 1, money("5.00"), tax=money("0.95")),
            taxesIncluded=False,
            displayFinancialStatus="PARTIALLY_REFUNDED",
            refunds=[
                refund(
                    22,
                    money("20.00"),
                    refund_line(2, 41, 2, money("10.00"), money("1.90")),
                    refund_line(3, 42, 1, money("5.00"), money("0.95")),
                ),
                refund(23, money("10.00"), *(refund_line(n, 41, 1, money("10.00"), money("0.00")) for n in (4, 5, 6))),
                refund(24, money("5.00"), adjustments=(adjustment,)),
            ],
        ),
        order(5, line(51, 1, money("3.00")), test=True, discountCodes=["A"]),
        order(6, line(61, 1, money("3.00")), cancelledAt="2026-01-11T00:00:00Z", displayFinancialStatus="VOIDED"),
        order(
            7,
            line(71, 1, money("23.26", "20.00")),
            presentmentCurrencyCode="GBP",
            totalPriceSet=money("23.26", "20.00"),
            refunds=[
                refund(25, money("23.26", "20.00"), refund_line(7, 71, 1, money("23.26", "20.00"), money("0", "0")))
            ],
        ),
        order(
            8,
            line(81, 2, money("4.00")),
            refunds=[refund(26, money("0.00"), refund_line(8, 81, 2, money("8.00"), money("0")))],
        ),
        # Added and taken out again before it was paid for.
        order(9, line(91, 1, money("4.00")), line(92, 0, money("6.00"))),
        order(10, line(101, 0, money("6.00"))),
    ]


def laid(folder: Path, shape: str) -> ShopifyBench:
    bench, given = ShopifyBench(folder / shape, shape), records()
    convert: Callable[..., shopify_tables.Tables] = getattr(shopify_tables, shape)
    columns = shopify_tables.FIVETRAN_COLUMNS if shape == "fivetran" else {}
    shopify_tables.write(bench.base, convert(**given), columns)
    return bench


def rows(bench: ShopifyBench, stream: str, without: set[str]) -> list[tuple[Any, ...]]:
    names = [f"{name}::varchar" for name in all_entities()[stream].column_names if name not in without]
    found = bench.rows(stream, f"_deleted_at is null, {', '.join(names)}")
    return sorted(str(row[1:]) for row in found if row[0])


@pytest.fixture
def pulled(tmp_path: Path) -> ShopifyBench:
    bench, given = ShopifyBench(tmp_path / "perennial"), records()
    bench.put("customers", *given["customers"])
    bench.put("products", *given["products"])
    bench.put("orders", *given["orders"])
    bench.put("abandoned_checkouts", *given["checkouts"])
    return bench


@pytest.mark.parametrize("shape", ["fivetran", "airbyte"])
@pytest.mark.parametrize("stream", STREAMS)
def test_the_same_records_give_the_same_rows(pulled: ShopifyBench, tmp_path: Path, shape: str, stream: str) -> None:
    without = ABSENT[shape].get(stream, set())
    expected = rows(pulled, stream, without)
    assert expected
    assert rows(laid(tmp_path, shape), stream, without) == expected


@pytest.fixture(scope="module")
def dlt_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two loads: what the second brings again replaces the first's, its nested tables too."""
    found = shopify_tables.rest(**records())
    earlier = [
        one
        | {"financial_status": "pending", "refunds": [], "discount_codes": [{"code": "EARLIER"}]}
        | {"line_items": one["line_items"] * 2}
        for one in found["orders"]
    ]
    return shopify_tables.loaded_by_dlt(tmp_path_factory.mktemp("dlt"), found | {"orders": earlier}, found)


@pytest.mark.parametrize("as_text", [False, True], ids=["typed", "as_text"])
@pytest.mark.parametrize("stream", DLT_STREAMS)
def test_dlts_tables_give_the_same_rows(
    pulled: ShopifyBench, dlt_tables: Path, tmp_path: Path, stream: str, as_text: bool
) -> None:
    bench = ShopifyBench(tmp_path / "dlt", "dlt")
    shopify_tables.export(dlt_tables, bench.base, as_text=as_text)
    without = ABSENT["dlt"].get(stream, set())
    assert rows(bench, stream, without) == rows(pulled, stream, without) != []


@pytest.mark.parametrize(
    ("stream", "right", "wrong"),
    [
        # Removed units counted as sold.
        ("orders", "lines.id = removed.line_item_id", "false"),
        ("order_lines", "lines.id = removed.line_item_id", "false"),
        # Nested rows joined without regard to their parent, or to their order.
        ("orders", "lines._dlt_id = taxed._dlt_parent_id", "lines._dlt_list_idx = '0'"),
        ("order_lines", "records._dlt_id = listed.order_key", "true"),
        ("refunds", "given._dlt_id = refund_lines._dlt_parent_id", "true"),
        ("coupon_redemptions", "records._dlt_id = codes._dlt_parent_id", "true"),
        ("orders", "arg_min(code,", "arg_max(code,"),
    ],
)
def test_a_wrong_mapping_of_dlts_tables_is_noticed(
    pulled: ShopifyBench,
    dlt_tables: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stream: str,
    right: str,
    wrong: str,
) -> None:
    shipped = (source_file.MAPPINGS / "shopify" / "dlt.yml").read_text()
    assert right in shipped
    expected = rows(pulled, stream, set())
    (tmp_path / "mappings" / "shopify").mkdir(parents=True)
    (tmp_path / "mappings" / "shopify" / "dlt.yml").write_text(shipped.replace(right, wrong))
    monkeypatch.setattr(source_file, "MAPPINGS", tmp_path / "mappings")
    bench = ShopifyBench(tmp_path / "dlt", "dlt")
    shopify_tables.export(dlt_tables, bench.base)
    assert rows(bench, stream, set()) != expected


def test_what_dlt_has_seen_no_value_of_is_empty(tmp_path: Path) -> None:
    given = records() | {"orders": [order(1, line(11, 2, money("10.00")), customer=None, sourceName=None)]}
    nothing = dict.fromkeys(("defaultEmailAddress", "defaultPhoneNumber", "defaultAddress", "birthDate"))
    given["customers"] = [customer(6, firstName=None, lastName=None, **nothing)]
    given["products"] = [given["products"][0] | {"productType": None, "vendor": None, "variants": nodes()}]
    bench = ShopifyBench(tmp_path, "dlt")
    shopify_tables.export(shopify_tables.loaded_by_dlt(tmp_path, shopify_tables.rest(**given)), bench.base)
    assert not list(bench.base.glob("orders__refunds*")) + list(bench.base.glob("products__variants*"))
    assert bench.rows("customers", "customer_id, email, country") == [("6", None, None)]
    assert bench.rows("products", "product_id, category, unit_price") == [("1", None, None)]
    amounts = "gross_amount::varchar, tax_amount::varchar, customer_id, store_id, status"
    assert bench.rows("orders", amounts) == [("20.0000", "0.0000", None, None, "completed")]
    assert bench.rows("order_lines", "order_id, quantity::double, _deleted_at") == [("1", 2.0, None)]
    for stream in ("refunds", "coupon_redemptions"):
        assert bench.rows(stream, "_parent, _deleted_at is null") == [("1", False)], stream


@pytest.mark.parametrize(
    ("depth", "stream", "table", "column"),
    [
        (0, "products", "products", "variants"),
        (0, "customers", "customers", "default_address"),
        (0, "orders", "orders", "(refunds|shipping_lines|discount_codes|line_items|customer)"),
        (1, "order_lines", "orders", "(total_price|original_total_[a-z_]*)_set__shop_money"),
        (2, "orders", "orders__line_items", "price_set__shop_money"),
        (3, "refunds", "orders__line_items__discount_allocations", "amount_set__shop_money"),
    ],
)
def test_tables_that_dlt_nested_to_a_limited_depth_are_refused(
    tmp_path: Path, depth: int, stream: str, table: str, column: str
) -> None:
    bench = ShopifyBench(tmp_path, "dlt")
    tables = shopify_tables.rest(**records())
    shopify_tables.export(shopify_tables.loaded_by_dlt(tmp_path, tables, max_table_nesting=depth), bench.base)
    with pytest.raises(SourceFileError, match=f"the table {table} has a column {column}, expected .* was not nested"):
        bench.rows(stream, "*")


def test_a_depth_that_holds_everything_is_read(pulled: ShopifyBench, tmp_path: Path) -> None:
    bench = ShopifyBench(tmp_path / "dlt", "dlt")
    tables = shopify_tables.rest(**records())
    shopify_tables.export(shopify_tables.loaded_by_dlt(tmp_path, tables, max_table_nesting=4), bench.base)
    assert rows(bench, "refunds", set()) == rows(pulled, "refunds", set()) != []


def test_orders_whose_lines_are_not_exported_are_refused(dlt_tables: Path, tmp_path: Path) -> None:
    bench = ShopifyBench(tmp_path, "dlt")
    shopify_tables.export(dlt_tables, bench.base)
    shutil.rmtree(bench.base / "orders__line_items")
    with pytest.raises(SourceFileError, match="no file matches 'orders__line_items"):
        bench.rows("orders", "order_id")


@pytest.mark.parametrize("shape", ["fivetran", "airbyte"])
def test_an_order_that_the_tool_saw_deleted_is_gone(tmp_path: Path, shape: str) -> None:
    bench, given = ShopifyBench(tmp_path, shape), records()
    tables = getattr(shopify_tables, shape)(**given)
    gone = {"fivetran": {"_fivetran_deleted": True}, "airbyte": {"deleted_at": "2026-01-30T08:00:00Z"}}[shape]
    [first] = [one for one in tables[{"fivetran": "order", "airbyte": "orders"}[shape]] if str(one["id"]) == "1"]
    first |= gone
    shopify_tables.write(bench.base, tables, shopify_tables.FIVETRAN_COLUMNS if shape == "fivetran" else {})
    for stream in ("orders", "order_lines", "carts", "coupon_redemptions"):
        kept = bench.rows(stream, "order_id", "1") and [
            row[1] for row in bench.rows(stream, "_deleted_at is null, order_id", "1") if row[0]
        ]
        assert "1" not in kept, stream


def test_the_tables_have_only_columns_that_fivetran_lists() -> None:
    listed = yaml.safe_load(spec_file("fivetran/shopify__src_shopify_graphql.yml").read_text())["sources"][0]["tables"]
    known = {table["name"].strip(): {column["name"] for column in table["columns"]} for table in listed}
    tables = shopify_tables.fivetran(**records())
    # The list leaves out what the connector always adds, and the owner of what lies in a table of its own.
    always = {"_fivetran_synced", "_fivetran_deleted"}
    for name, found in tables.items():
        written = {key for row in found for key in row} | set(shopify_tables.FIVETRAN_COLUMNS.get(name, ()))
        assert written - always <= known[name], name

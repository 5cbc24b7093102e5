"""Fill the stand-in for Shopify from the files of the simulated shop, so that reading it gives the same rows again."""

from __future__ import annotations

from pathlib import Path

from include.demo.apis.shopify import Shopify
from include.demo.simulator.parameters import Parameters
from include.sources.readers import quote

# What a source file says of this shop: it sells in EUR and GBP, and keeps loyalty cards in a metafield.
OPTIONS = {"money": "presentment", "loyalty_metafield": "loyalty.card"}
STREAMS = ("customers", "products", "orders", "order_lines", "refunds")
ONE_PAGE = "{'hasNextPage': false, 'endCursor': cast(null as varchar)}"
# Shopify has no field for it; the catalogue is older than the first order.
CATALOGUE_CHANGED_AT = "timestamp '2022-12-31 00:00:00'"


def feed(api: Shopify, folder: Path) -> None:
    """Fill the shop from a folder of the simulator: customers, products, and orders with lines and refunds."""
    api.shop.fill("customers", _customers(folder))
    api.shop.fill("products", _products(folder))
    api.shop.fill("orders", _orders(folder))


def _customers(folder: Path) -> str:
    record = f"""{{
        'id': {_gid("Customer", "customer_id")}, 'createdAt': {_moment("registered_at")},
        'updatedAt': {_moment("updated_at")}, 'firstName': first_name, 'lastName': last_name,
        'defaultEmailAddress': {_unless_null("email", "{'emailAddress': email}")},
        'defaultPhoneNumber': {_unless_null("phone", "{'phoneNumber': phone}")},
        'defaultAddress': {_unless_null("country", "{'countryCodeV2': country}")},
        'loyalty': {_unless_null("loyalty_id", "{'value': loyalty_id}")},
        'birthDate': {_unless_null("birth_date", "{'value': strftime(birth_date, '%Y-%m-%d')}")}}}"""
    source = f"read_parquet({_files(folder, 'customers/*.parquet')})"
    return _filled("Customer", "customer_id", "updated_at", record, source)


def _products(folder: Path) -> str:
    cost = _unless_null("unit_cost", "{'amount': unit_cost, 'currencyCode': 'EUR'}")
    variant = f"""{{'id': {_gid("ProductVariant", "product_id")}, 'position': 1, 'price': unit_price,
        'inventoryItem': {{'unitCost': {cost}}}}}"""
    record = f"""{{
        'id': {_gid("Product", "product_id")}, 'title': name, 'handle': lower(product_id),
        'productType': coalesce(category, ''), 'vendor': coalesce(brand, ''), 'status': 'ACTIVE', 'isGiftCard': false,
        'createdAt': {_moment(CATALOGUE_CHANGED_AT)}, 'updatedAt': {_moment(CATALOGUE_CHANGED_AT)},
        'category': {_unless_null("department", "{'name': department, 'fullName': department}")},
        'priceRangeV2': {{'minVariantPrice': {{'amount': unit_price, 'currencyCode': 'EUR'}}}},
        'variants': {{'nodes': [{variant}], 'pageInfo': {ONE_PAGE}}}}}"""
    source = f"read_csv({_files(folder, 'products/*.csv')}, header = true, all_varchar = true)"
    return _filled("Product", "product_id", CATALOGUE_CHANGED_AT, record, source)


def _orders(folder: Path) -> str:
    tax_on_top = "case when taxes_included then 0 else tax_amount end"
    total = f"gross_amount - discount_amount + shipping_amount + {tax_on_top}"
    shipping = f"""{{'id': {_gid("ShippingLine", "order_id")}, 'isRemoved': false,
        'discountedPriceSet': {_money("shipping_amount")}, 'taxLines': []}}"""
    record = f"""{{
        'id': {_gid("Order", "order_id")}, 'name': order_number, 'createdAt': {_moment("ordered_at")},
        'processedAt': {_moment("ordered_at")}, 'updatedAt': {_moment("changed_at")},
        'cancelledAt': case when status = 'cancelled' then {_moment("ordered_at")} end, 'test': false,
        'displayFinancialStatus': case status when 'pending' then 'PENDING' when 'cancelled' then 'VOIDED'
            else case when refunded is null then 'PAID' else 'PARTIALLY_REFUNDED' end end,
        'displayFulfillmentStatus': case when status = 'completed' then 'FULFILLED' else 'UNFULFILLED' end,
        'edited': false, 'email': email, 'currencyCode': 'EUR', 'presentmentCurrencyCode': currency,
        'taxesIncluded': taxes_included,
        'sourceName': case channel when 'phone' then 'shopify_draft_order' else channel end,
        'discountCodes': case when coupon_code is null then [] else [coupon_code] end,
        'customer': {_unless_null("customer_id", "{'id': " + _gid("Customer", "customer_id") + "}")},
        'customAttributes': case when session_id is null then []
            else [{{'key': 'session_id', 'value': session_id}}] end,
        'attribution': {_unless_null("store_id", "{'handle': store_id}")}, 'retailLocation': null,
        'totalPriceSet': {_money(total)}, 'totalRefundedSet': {_money("coalesce(refunded, 0)")},
        'originalTotalDutiesSet': null, 'originalTotalAdditionalFeesSet': null,
        'lineItems': {{'nodes': coalesce(lines, []), 'pageInfo': {ONE_PAGE}}},
        'shippingLines': {{'nodes': case when shipping_amount > 0 then [{shipping}] else [] end,
            'pageInfo': {ONE_PAGE}}},
        'refunds': coalesce(refunds, [])}}"""
    source = f"""(
        select orders.*, lines, refunds, refunded, greatest(ordered_at, coalesce(refunded_at, ordered_at)) as changed_at
        from read_parquet({_files(folder, "orders/*.parquet")}) as orders
        left join ({_lines(folder)}) using (order_id)
        left join ({_refunds(folder)}) using (order_id))"""
    return _filled("Order", "order_id", "changed_at", record, source)


def _lines(folder: Path) -> str:
    discounts = f"""case when discount_amount > 0 then [{{'allocatedAmountSet': {_money("discount_amount")}}}]
        else [] end"""
    line = f"""{{'id': {_gid("LineItem", "order_id || '-' || line_number")}, 'quantity': quantity,
        'isGiftCard': false, 'sku': product_id, 'product': {{'id': {_gid("Product", "product_id")}}},
        'originalUnitPriceSet': {_money("unit_price")}, 'discountAllocations': {discounts},
        'taxLines': [{{'priceSet': {_money("tax_amount")}}}]}}"""
    return f"""select order_id, list({line} order by line_number) as lines
        from read_parquet({_files(folder, "order_lines/*.parquet")}) join {_currencies(folder)} using (order_id)
        group by order_id"""


def _refunds(folder: Path) -> str:
    # Money given back without naming lines leaves an adjustment, which says how much of it is tax.
    adjustment = f"""{{'id': {_gid("OrderAdjustment", "refund_id")}, 'reason': 'REFUND_DISCREPANCY',
        'amountSet': {_money("tax_amount - amount")}, 'taxAmountSet': {_money("-tax_amount")}}}"""
    subtotal = "amount - case when taxes_included then 0 else tax_amount end"
    line = f"""{{'id': {_gid("RefundLineItem", "refund_id")}, 'quantity': quantity,
        'lineItem': {{'id': {_gid("LineItem", "order_id || '-' || line_number")},
            'product': {{'id': {_gid("Product", "product_id")}}}}},
        'subtotalSet': {_money(subtotal)}, 'totalTaxSet': {_money("tax_amount")}}}"""
    refund = f"""{{'id': {_gid("Refund", "refund_id")}, 'processedAt': {_moment("refunded_at")}, 'note': reason,
        'totalRefundedSet': {_money("amount")},
        'refundLineItems': {{'nodes': case when product_id is null then [] else [{line}] end, 'pageInfo': {ONE_PAGE}}},
        'orderAdjustments': {{'nodes': case when product_id is null then [{adjustment}] else [] end,
            'pageInfo': {ONE_PAGE}}},
        'refundShippingLines': {{'nodes': [], 'pageInfo': {ONE_PAGE}}}}}"""
    return f"""select order_id, list({refund} order by refund_id) as refunds, sum(amount) as refunded,
            max(refunded_at) as refunded_at
        from (select refunds.* exclude (currency), currencies.*  exclude (order_id), line_number
            from read_parquet({_files(folder, "refunds/*.parquet")}) as refunds
            join {_currencies(folder)} as currencies on refunds.order_id = currencies.order_id
            left join (select order_id, product_id, min(line_number) as line_number
                from read_parquet({_files(folder, "order_lines/*.parquet")}) group by all) as lines
                on refunds.order_id = lines.order_id and refunds.product_id = lines.product_id)
        group by order_id"""


def _currencies(folder: Path) -> str:
    return f"(select order_id, currency, taxes_included from read_parquet({_files(folder, 'orders/*.parquet')}))"


def _filled(kind: str, key: str, changed_at: str, record: str, source: str) -> str:
    return f"select {_gid(kind, key)} as id, {changed_at} as changed_at, to_json({record}) as payload from {source}"


def _files(folder: Path, glob: str) -> str:
    return quote(str(folder / glob))


def _gid(kind: str, key: str) -> str:
    return f"'gid://shopify/{kind}/' || {key}"


def _moment(sql: str) -> str:
    return f"strftime({sql}, '%Y-%m-%dT%H:%M:%SZ')"


def _unless_null(sql: str, then: str) -> str:
    return f"case when {sql} is not null then {then} end"


def _money(sql: str) -> str:
    """Return an amount in the customer's currency and in the shop's, which is EUR."""
    rate = f"case currency when 'GBP' then {Parameters.gbp_per_eur} else 1 end"
    text = "cast(cast({} as decimal(18, 2)) as varchar)"
    shop, presentment = text.format(f"round(({sql}) / {rate}, 2)"), text.format(sql)
    return f"{{'shopMoney': {{'amount': {shop}}}, 'presentmentMoney': {{'amount': {presentment}}}}}"

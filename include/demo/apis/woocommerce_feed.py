"""Fill the WooCommerce stand-in with a simulated shop, as the shop would have kept it in WooCommerce.

WooCommerce numbers its records: C0123, O0123 … become the number behind the letter, plus one, because 0 is a guest. It
has no place for a loyalty id, a birth date, a till, a session, a coupon's campaign, or the shop's own status words.
"""

from __future__ import annotations

from pathlib import Path

from include.demo.apis.woocommerce import WooCommerceApi
from include.sources.readers import quote

NUMBER = "(cast(regexp_extract({0}, '[0-9]+$') as bigint) + 1)"
PADDED = "printf('%012d', {0})"
MOMENT = "strftime({0}, '%Y-%m-%dT%H:%M:%S')"


def feed(api: WooCommerceApi, folder: Path) -> dict[str, int]:
    """Fill the stand-in from the files of include/demo/simulator.

    Args:
        api: the stand-in; it need not have started.
        folder: of the simulated shop.

    Returns:
        Records per resource.
    """
    queries = {
        "products/categories": _categories(folder),
        "products": _products(folder),
        "customers": _customers(folder),
        "orders": _orders(folder),
        "refunds": _refunds(folder),
    }
    counts = {name: api.store.fill(name, query) for name, query in queries.items()}
    api.filled()
    return counts


def _number(column: str) -> str:
    return NUMBER.format(column)


def _moment(column: str) -> str:
    return MOMENT.format(column)


def _table(folder: Path, stream: str) -> str:
    return f"read_parquet({quote(f'{folder}/{stream}/*.parquet')})"


def _catalogue(folder: Path) -> str:
    return f"read_csv({quote(f'{folder}/products/*.csv')}, all_varchar = true)"


def _category_ids(folder: Path) -> str:
    return f"""
        departments as (
            select department as name, row_number() over (order by department) as id
            from {_catalogue(folder)} group by department
        ),
        categories as (
            select category as name, departments.id as parent, 1000 + row_number() over (order by category) as id
            from (select distinct category, department from {_catalogue(folder)}) join departments
            on departments.name = department
        )"""


def _categories(folder: Path) -> str:
    record = "json_object('id', id, 'name', name, 'slug', lower(name), 'parent', parent, 'description', '')"
    return f"""
        with {_category_ids(folder)}
        select {PADDED.format("id")} as id, timestamp '2023-01-01' as changed_at, {record} as payload
        from (select id, name, 0 as parent from departments union all select id, name, parent from categories)
        order by 1"""


def _products(folder: Path) -> str:
    return f"""
        with {_category_ids(folder)},
        numbered as (
            select products.*, {_number("product_id")} as id, categories.id as category_id,
                departments.id as department_id, dense_rank() over (order by brand) as brand_id
            from {_catalogue(folder)} as products
            join categories on categories.name = category
            join departments on departments.name = department
        )
        select {PADDED.format("id")} as id, timestamp '2023-01-01' as changed_at, json_object(
            'id', id, 'name', name, 'slug', lower(product_id), 'type', 'simple', 'status', 'publish',
            'date_created_gmt', '2023-01-01T00:00:00', 'date_modified_gmt', '2023-01-01T00:00:00',
            'sku', product_id, 'price', unit_price, 'regular_price', unit_price, 'sale_price', '', 'parent_id', 0,
            'categories', [
                json_object('id', department_id, 'name', department, 'slug', lower(department)),
                json_object('id', category_id, 'name', category, 'slug', lower(category))
            ],
            'brands', [json_object('id', brand_id, 'name', brand, 'slug', lower(brand))],
            'cost_of_goods_sold', json_object(
                'values', [json_object('defined_value', unit_cost::double, 'effective_value', unit_cost::double)],
                'total_value', unit_cost::double
            ),
            'attributes', [], 'variations', [], 'meta_data', []
        ) as payload
        from numbered
        order by 1"""


def _customers(folder: Path) -> str:
    address = "'first_name', first_name, 'last_name', last_name, 'country', country"
    return f"""
        select {PADDED.format(_number("customer_id"))} as id, updated_at as changed_at, json_object(
            'id', {_number("customer_id")}, 'date_created_gmt', {_moment("registered_at")},
            'date_modified_gmt', {_moment("updated_at")}, 'email', email, 'first_name', first_name,
            'last_name', last_name, 'role', 'customer', 'username', email,
            'billing', json_object({address}, 'email', email, 'phone', coalesce(phone, '')),
            'shipping', json_object({address}), 'is_paying_customer', true, 'meta_data', []
        ) as payload
        from {_table(folder, "customers")}
        order by 1"""


def _orders(folder: Path) -> str:
    # WooCommerce keeps what is without tax, and the tax; a price with tax is their sum.
    included = "case when taxes_included then {0} else 0 end"
    tax_at_list_price = "round(gross_amount * tax_amount / nullif(gross_amount - discount_amount, 0), 2)"
    return f"""
        with
        lines as (
            select
                order_id,
                list(json_object(
                    'id', {_number("order_id")} * 100 + line_number, 'name', product_id,
                    'product_id', {_number("product_id")}, 'variation_id', 0, 'quantity', quantity, 'tax_class', '',
                    'subtotal', (gross_amount - {included.format("list_tax")})::decimal(18, 2)::varchar,
                    'subtotal_tax', list_tax::varchar,
                    'total',
                    (gross_amount - discount_amount - {included.format("tax_amount")})::decimal(18, 2)::varchar,
                    'total_tax', tax_amount::varchar, 'taxes', [], 'meta_data', [], 'sku', product_id,
                    'price', unit_price::double
                ) order by line_number) as line_items,
                sum(list_tax - tax_amount) as discount_tax
            from (
                select lines.*, taxes_included, coalesce({tax_at_list_price}, 0)::decimal(18, 2) as list_tax
                from {_table(folder, "order_lines")} as lines
                join (select order_id, taxes_included from {_table(folder, "orders")}) using (order_id)
            )
            group by order_id
        ),
        coupons as (
            select order_id, list(json_object(
                'id', {_number("redemption_id")}, 'code', coupon_code, 'discount', '0.00', 'discount_tax', '0.00',
                'meta_data', []
            )) as coupon_lines
            from {_table(folder, "coupon_redemptions")} group by order_id
        ),
        refunds as (
            select
                order_id,
                max(refunded_at) as refunded_at,
                list(json_object(
                    'id', {_number("refund_id")}, 'reason', reason, 'total', '-' || amount
                ) order by refund_id) as refunds
            from {_table(folder, "refunds")} group by order_id
        ),
        joined as (
            select
                orders.*, lines.* exclude (order_id), coupon_lines, refunds, customers.* exclude (customer_id, email),
                {_number("orders.order_id")} as id,
                greatest(ordered_at, coalesce(refunded_at, ordered_at)) as changed_at,
                gross_amount - discount_amount + shipping_amount
                + case when taxes_included then 0 else tax_amount end as total
            from {_table(folder, "orders")} as orders
            join lines using (order_id)
            left join coupons using (order_id)
            left join refunds using (order_id)
            left join {_table(folder, "customers")} as customers on customers.customer_id = orders.customer_id
        )
        select {PADDED.format("id")} as id, changed_at, json_object(
            'id', id, 'parent_id', 0, 'number', order_number, 'order_key', 'wc_order_' || id,
            'created_via', case channel when 'web' then 'checkout' when 'pos' then 'pos-rest-api' else channel end,
            'version', '9.8.0',
            'status', case status when 'pending' then 'on-hold' else status end, 'currency', currency,
            'date_created', {_moment("ordered_at")}, 'date_created_gmt', {_moment("ordered_at")},
            'date_modified', {_moment("changed_at")}, 'date_modified_gmt', {_moment("changed_at")},
            'discount_total', (discount_amount - {included.format("discount_tax")})::decimal(18, 2)::varchar,
            'discount_tax', discount_tax::decimal(18, 2)::varchar, 'shipping_total', shipping_amount::varchar,
            'shipping_tax', '0.00', 'cart_tax', tax_amount::varchar, 'total', total::decimal(18, 2)::varchar,
            'total_tax', tax_amount::varchar, 'prices_include_tax', taxes_included,
            'customer_id', case when customer_id is null then 0 else {_number("customer_id")} end,
            'customer_note', '',
            'billing', json_object(
                'first_name', coalesce(first_name, ''), 'last_name', coalesce(last_name, ''),
                'country', coalesce(country, ''), 'email', email, 'phone', coalesce(phone, '')
            ),
            'shipping', json_object('country', coalesce(country, '')), 'payment_method', 'card', 'transaction_id', '',
            'date_paid_gmt', case when status = 'completed' then {_moment("ordered_at")} end,
            'date_completed_gmt', null, 'cart_hash', '', 'meta_data', [],
            'line_items', line_items, 'tax_lines', [], 'shipping_lines', [], 'fee_lines', [],
            'coupon_lines', coalesce(coupon_lines, []), 'refunds', coalesce(refunds, [])
        ) as payload
        from joined
        order by 1"""


def _refunds(folder: Path) -> str:
    # What names no product is booked as a fee given back, which is where WooCommerce keeps such a refund's tax.
    given_back = "'total', (tax_amount - amount)::varchar, 'total_tax', (-tax_amount)::varchar"
    return f"""
        select
            {PADDED.format(_number("order_id"))} || '-' || {PADDED.format(_number("refund_id"))} as id,
            refunded_at as changed_at,
            json_object(
                'id', {_number("refund_id")}, 'date_created', {_moment("refunded_at")},
                'date_created_gmt', {_moment("refunded_at")}, 'amount', amount::varchar, 'reason', reason,
                'refunded_by', 1, 'refunded_payment', true, 'meta_data', [],
                'line_items', case when product_id is null then [] else [json_object(
                    'id', {_number("refund_id")}, 'product_id', {_number("product_id")}, 'variation_id', 0,
                    'quantity', -quantity, {given_back}, 'meta_data', []
                )] end,
                'shipping_lines', [], 'tax_lines', [],
                'fee_lines', case when product_id is null then [json_object(
                    'id', {_number("refund_id")}, 'name', 'Refund', {given_back}, 'meta_data', []
                )] else [] end
            ) as payload
        from {_table(folder, "refunds")}
        order by 1"""

"""Fill the retailCRM stand-in with a simulated shop's customers, catalogue and orders.

The CRM numbers its records: C0123, O0123 … become the number behind the letter, plus one. Its prices contain their VAT,
so orders at prices without tax are given with it. It has no refunds, coupons, loyalty ids or sessions of its own.
"""

from __future__ import annotations

from pathlib import Path

from include.demo.apis.retailcrm import RetailcrmApi
from include.sources.readers import quote

NUMBER = "(cast(regexp_extract({0}, '[0-9]+$') as bigint) + 1)"


def feed(api: RetailcrmApi, folder: Path) -> dict[str, int]:
    """Fill the stand-in from the files of include/demo/simulator.

    Args:
        api: the stand-in; it need not have started.
        folder: of the simulated shop.

    Returns:
        Records per list.
    """
    queries = {
        "store/product-groups": _groups(folder),
        "store/products": _products(folder),
        "customers": _customers(api, folder),
        "orders": _orders(api, folder),
    }
    counts = {name: api.store.fill(name, query) for name, query in queries.items()}
    api.filled()
    return counts


def _number(column: str) -> str:
    return NUMBER.format(column)


def _row(number: str, record: str, source: str) -> str:
    return (
        f"select printf('%012d', {number}) as id, timestamp '2023-01-01' as changed_at, {record} as payload"
        f" from {source} order by 1"
    )


def _table(folder: Path, stream: str) -> str:
    return f"read_parquet({quote(f'{folder}/{stream}/*.parquet')})"


def _catalogue(folder: Path) -> str:
    """Products with the numbers of their groups: departments from 1 on, categories from 1001 on."""
    read = f"read_csv({quote(f'{folder}/products/*.csv')}, all_varchar = true)"
    departments = "dense_rank() over (order by department)"
    categories = "1000 + dense_rank() over (order by category)"
    return f"(select *, {departments} as department_id, {categories} as category_id from {read})"


def _local(api: RetailcrmApi, column: str) -> str:
    return f"strftime(timezone({quote(api.time_zone)}, timezone('UTC', {column})), '%Y-%m-%d %H:%M:%S')"


def _groups(folder: Path) -> str:
    record = "json_object('id', number, 'name', name, 'parentId', parent, 'active', true)"
    below = (
        f"select distinct category_id as number, category as name, department_id as parent from {_catalogue(folder)}"
    )
    above = f"select distinct department_id as number, department as name, null as parent from {_catalogue(folder)}"
    return _row("number", record, f"({below} union all {above})")


def _products(folder: Path) -> str:
    record = f"""json_object(
        'id', {_number("product_id")}, 'name', name, 'manufacturer', brand, 'active', true,
        'groups', [json_object('id', department_id), json_object('id', category_id)],
        'offers', [json_object(
            'id', {_number("product_id")}, 'name', name, 'price', unit_price::double,
            'purchasePrice', unit_cost::double, 'active', true
        )]
    )"""
    return _row(_number("product_id"), record, _catalogue(folder))


def _customers(api: RetailcrmApi, folder: Path) -> str:
    record = f"""json_object(
        'type', 'customer', 'id', {_number("customer_id")}, 'createdAt', {_local(api, "registered_at")},
        'firstName', first_name, 'lastName', last_name, 'email', coalesce(email, ''), 'birthday', birth_date,
        'phones', case when phone is null then [] else [json_object('number', phone)] end,
        'address', json_object('countryIso', country), 'site', 'shop'
    )"""
    return _row(_number("customer_id"), record, _table(folder, "customers"))


def _orders(api: RetailcrmApi, folder: Path) -> str:
    # The files name the tax, not its rate.
    untaxed = "gross_amount - discount_amount - case when taxes_included then tax_amount else 0 end"
    rate = f"coalesce(round(100 * tax_amount::double / nullif({untaxed}, 0)), 0)"
    price = "(unit_price + case when taxes_included then 0 else unit_price * rate / 100 end)::double"
    discount = "discount_amount::double / quantity * case when taxes_included then 1 else 1 + rate / 100 end"
    source = f"""(
        select orders.*, items
        from {_table(folder, "orders")} as orders
        join (
            select order_id, list(json_object(
                'id', {_number("order_id")} * 100 + line_number, 'quantity', quantity, 'initialPrice', {price},
                'discountTotal', {discount}, 'vatRate', rate,
                'offer', json_object('id', {_number("product_id")})
            ) order by line_number) as items
            from {_table(folder, "order_lines")}
            join (select order_id, taxes_included, {rate} as rate from {_table(folder, "orders")}) using (order_id)
            group by order_id
        ) using (order_id)
    )"""
    customer = f"json_object('type', 'customer', 'id', {_number('customer_id')})"
    record = f"""json_object(
        'id', {_number("order_id")}, 'number', order_number, 'createdAt', {_local(api, "ordered_at")},
        'orderMethod', case channel when 'web' then 'shopping-cart' when 'pos' then 'offline' else channel end,
        'currency', currency, 'email', email, 'site', store_id,
        'customer', case when customer_id is not null then {customer} end,
        'status', case status when 'completed' then 'complete' when 'pending' then 'new' else 'cancel-other' end,
        'delivery', json_object('cost', shipping_amount::double), 'items', items
    )"""
    return _row(_number("order_id"), record, source)

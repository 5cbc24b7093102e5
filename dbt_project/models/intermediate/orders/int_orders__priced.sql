-- Orders in the reporting currency. Where the shop's total equals the sum of its lines, the converted total is the sum
-- of the converted lines, so that lines and orders agree to the cent in every currency.
with

orders as (
    select * from {{ ref('stg_shop__orders') }}
),

order_lines as (
    select * from {{ ref('int_order_lines__converted') }}
),

identified as (
    select * from {{ ref('int_orders__identified') }}
),

line_totals as (
    select
        order_key,
        sum(source_gross_amount) as source_gross_amount,
        sum(source_discount_amount) as source_discount_amount,
        sum(source_tax_amount) as source_tax_amount,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount,
        sum(tax_amount) as tax_amount,
        sum(quantity) filter (where line_type = 'product') as items_count,
        -- Unknown as soon as the cost of one product is.
        case when count(*) = count(goods_cost) then sum(goods_cost) end as goods_cost
    from order_lines
    group by order_key
),

priced as (
    select
        orders.*,
        identified.customer_key,
        identified.order_sequence,
        identified.rate,
        {{ in_reporting_currency('orders.shipping_amount', rates='identified') }} as own_shipping_amount,
        line_totals.items_count,
        line_totals.goods_cost,
        case
            when (orders.gross_amount is distinct from line_totals.source_gross_amount)
                then {{ in_reporting_currency('orders.gross_amount', rates='identified') }}
        end as own_gross_amount,
        case
            when (orders.discount_amount is distinct from line_totals.source_discount_amount)
                then {{ in_reporting_currency('orders.discount_amount', rates='identified') }}
        end as own_discount_amount,
        case
            when (orders.tax_amount is distinct from line_totals.source_tax_amount)
                then {{ in_reporting_currency('orders.tax_amount', rates='identified') }}
        end as own_tax_amount,
        line_totals.gross_amount as lines_gross_amount,
        line_totals.discount_amount as lines_discount_amount,
        line_totals.tax_amount as lines_tax_amount
    from orders
    inner join identified on orders.order_key = identified.order_key
    left join line_totals on orders.order_key = line_totals.order_key
)

select
    priced.order_key,
    priced.source,
    priced.order_id,
    priced.order_number,
    priced.account_key,
    priced.customer_key,
    priced.order_sequence,
    priced.session_key,
    priced.ordered_at,
    priced.order_date,
    priced.status,
    priced.source_status,
    priced.sales_channel,
    priced.store_id,
    priced.coupon_code,
    priced.currency as order_currency,
    priced.rate as fx_rate,
    priced.taxes_included,
    cast(coalesce(priced.items_count, 0) as decimal(18, 4)) as items_count,
    cast(coalesce(priced.own_gross_amount, priced.lines_gross_amount, 0) as decimal(18, 4)) as gross_amount,
    cast(coalesce(priced.own_discount_amount, priced.lines_discount_amount, 0) as decimal(18, 4)) as discount_amount,
    cast(coalesce(priced.own_tax_amount, priced.lines_tax_amount, 0) as decimal(18, 4)) as tax_amount,
    priced.own_shipping_amount as shipping_amount,
    cast(priced.goods_cost as decimal(18, 4)) as goods_cost
from priced

-- Once over the orders for everything that is asked of each buyer: the last two years, and all time.
with

orders as (
    select * from {{ ref('int_kpis__orders') }}
    where customer_key is not null
),

refunds as (
    select * from {{ ref('int_kpis__refunds') }}
    where customer_key is not null
),

buyers as (
    select * from {{ ref('int_kpis__buyers') }}
),

years as (
    select
        cast({{ last_day() }} - interval 365 day as date) as year_begins_after,
        cast({{ last_day() }} - interval 729 day as date) as year_before_begins_on
),

ordered as (
    select
        orders.customer_key,
        count(*) as orders,
        min(orders.order_date) filter (where orders.order_sequence = 2) as second_order_date,
        sum(orders.gross_revenue) as gross_revenue,
        count(*) filter (where orders.order_date > years.year_begins_after) as orders_last_year,
        coalesce(sum(orders.gross_revenue) filter (where orders.order_date > years.year_begins_after), 0)
            as gross_revenue_last_year,
        coalesce(sum(orders.margin) filter (where orders.order_date > years.year_begins_after), 0)
            as costed_margin_last_year,
        sum(
            case
                when orders.order_date > years.year_begins_after and orders.margin is not null
                    then orders.gross_revenue
                else 0
            end
        ) as costed_revenue_last_year,
        count(*) filter (where orders.order_date between years.year_before_begins_on and years.year_begins_after)
            as orders_year_before
    from orders
    cross join years
    group by orders.customer_key
),

given_back as (
    select
        refunds.customer_key,
        sum(refunds.refunded) as refunded,
        coalesce(sum(refunds.refunded) filter (where refunds.refund_date > years.year_begins_after), 0)
            as refunded_last_year
    from refunds
    cross join years
    group by refunds.customer_key
)

select
    buyers.customer_key,
    buyers.acquisition_channel,
    buyers.registration_date,
    buyers.first_order_date,
    ordered.second_order_date,
    buyers.first_items_count,
    ordered.orders,
    cast(ordered.gross_revenue - coalesce(given_back.refunded, 0) as decimal(18, 4)) as net_revenue,
    ordered.orders_last_year,
    ordered.orders_year_before,
    buyers.first_order_date > years.year_begins_after as is_new_last_year,
    cast(ordered.gross_revenue_last_year as decimal(18, 4)) as gross_revenue_last_year,
    cast(coalesce(given_back.refunded_last_year, 0) as decimal(18, 4)) as refunded_last_year,
    cast(ordered.costed_revenue_last_year as decimal(18, 4)) as costed_revenue_last_year,
    cast(ordered.costed_margin_last_year as decimal(18, 4)) as costed_margin_last_year
from buyers
inner join ordered on buyers.customer_key = ordered.customer_key
cross join years
left join given_back on buyers.customer_key = given_back.customer_key

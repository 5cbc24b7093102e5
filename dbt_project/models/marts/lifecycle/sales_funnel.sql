-- Events of the day they happened on. What a channel has no sight of is NULL: a till has no views.
with

sessions as (
    select * from {{ ref('fct_sessions') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    where is_completed
),

visits as (
    select
        session_date as date,
        channel,
        count(*) as sessions,
        sum(product_views) as product_views,
        sum(cart_adds) as cart_adds,
        sum(checkout_starts) as checkout_starts,
        count(*) filter (where product_views > 0) as sessions_with_view,
        count(*) filter (where cart_adds > 0) as sessions_with_cart,
        count(*) filter (where checkout_starts > 0) as sessions_with_checkout,
        count(*) filter (where orders_count > 0) as sessions_with_order
    from sessions
    group by session_date, channel
),

located as (
    select
        orders.order_date as date,
        orders.gross_revenue,
        case
            when sessions.channel is not null then sessions.channel
            when orders.sales_channel = 'pos' then 'pos'
            when orders.sales_channel = 'phone' then 'call_centre'
            else 'unknown'
        end as channel
    from orders
    left join sessions on orders.session_key = sessions.session_key
),

placed as (
    select
        date,
        channel,
        count(*) as orders,
        sum(gross_revenue) as gross_revenue
    from located
    group by date, channel
)

select
    coalesce(visits.date, placed.date) as date,
    coalesce(visits.channel, placed.channel) as channel,
    cast(visits.sessions as bigint) as sessions,
    cast(visits.product_views as bigint) as product_views,
    cast(visits.cart_adds as bigint) as cart_adds,
    cast(visits.checkout_starts as bigint) as checkout_starts,
    cast(coalesce(placed.orders, 0) as bigint) as orders,
    cast(visits.sessions_with_view as bigint) as sessions_with_view,
    cast(visits.sessions_with_cart as bigint) as sessions_with_cart,
    cast(visits.sessions_with_checkout as bigint) as sessions_with_checkout,
    cast(visits.sessions_with_order as bigint) as sessions_with_order,
    cast(visits.sessions_with_order as double) / visits.sessions as conversion_rate,
    cast(coalesce(placed.gross_revenue, 0) as decimal(18, 4)) as gross_revenue,
    '{{ var("reporting_currency") }}' as currency
from visits
full outer join placed on visits.date = placed.date and visits.channel = placed.channel

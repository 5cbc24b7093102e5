-- What can be added up: one number per day, measure and channel. Ratios are made from these, never averaged.
with

orders as (
    select * from {{ ref('fct_orders') }}
    where is_completed
),

customers as (
    select * from {{ ref('dim_customers') }}
),

refunds as (
    select * from {{ ref('fct_refunds') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
),

carts as (
    select * from {{ ref('fct_carts') }}
),

ad_performance as (
    select * from {{ ref('fct_ad_performance') }}
),

email_events as (
    select * from {{ ref('fct_email_events') }}
),

orders_daily as (
    select
        orders.order_date as date,
        coalesce(customers.acquisition_channel, 'unknown') as channel,
        count(*) as orders,
        count(*) filter (where orders.order_sequence = 1) as new_customers,
        count(*) filter (where orders.order_sequence > 1) as repeat_orders,
        sum(orders.gross_revenue) as gross_revenue,
        sum(orders.gross_amount) as list_revenue,
        sum(orders.discount_amount) as discounts,
        sum(orders.items_count) as items
    from orders
    left join customers on orders.customer_key = customers.customer_key
    group by orders.order_date, coalesce(customers.acquisition_channel, 'unknown')
),

-- A refund of an order that never counted as revenue takes nothing away.
refunds_daily as (
    select
        refunds.refund_date as date,
        coalesce(customers.acquisition_channel, 'unknown') as channel,
        sum(refunds.refunded_amount - refunds.refunded_tax_amount) as refunds
    from refunds
    left join orders on refunds.order_key = orders.order_key
    left join customers on refunds.customer_key = customers.customer_key
    where refunds.order_key is null or orders.order_key is not null
    group by refunds.refund_date, coalesce(customers.acquisition_channel, 'unknown')
),

registrations_daily as (
    select
        {{ local_date('registered_at') }} as date,
        acquisition_channel as channel,
        count(*) as registrations
    from customers
    where registered_at is not null
    group by {{ local_date('registered_at') }}, acquisition_channel
),

sessions_daily as (
    select
        session_date as date,
        channel,
        count(*) as sessions,
        count(*) filter (where orders_count > 0) as converted_sessions
    from sessions
    group by session_date, channel
),

carts_daily as (
    select
        cart_date as date,
        'unknown' as channel,
        count(*) as carts,
        count(*) filter (where is_abandoned) as abandoned_carts
    from carts
    group by cart_date
),

ads_daily as (
    select
        date,
        channel,
        sum(spend) as ad_spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from ad_performance
    group by date, channel
),

emails_daily as (
    select
        event_date as date,
        'email' as channel,
        count(*) filter (where event_type = 'sent') as emails_sent,
        count(*) filter (where event_type = 'sent') - count(*) filter (where event_type = 'bounced')
            as emails_delivered,
        count(*) filter (where event_type = 'opened') as emails_opened,
        count(*) filter (where event_type = 'clicked') as emails_clicked,
        count(*) filter (where event_type = 'unsubscribed') as emails_unsubscribed
    from email_events
    group by event_date
),

measures as (
    {%- set groups = {
        'orders_daily': [
            'orders', 'new_customers', 'repeat_orders', 'gross_revenue', 'list_revenue', 'discounts', 'items',
        ],
        'refunds_daily': ['refunds'],
        'registrations_daily': ['registrations'],
        'sessions_daily': ['sessions', 'converted_sessions'],
        'carts_daily': ['carts', 'abandoned_carts'],
        'ads_daily': ['ad_spend', 'impressions', 'clicks'],
        'emails_daily': ['emails_sent', 'emails_delivered', 'emails_opened', 'emails_clicked', 'emails_unsubscribed'],
    } %}
    {%- for group, names in groups.items() %}
    {%- for name in names %}
    select
        date,
        channel,
        '{{ group | replace("_daily", "") }}' as measure_group,
        '{{ name }}' as measure,
        cast({{ name }} as decimal(18, 4)) as value
    from {{ group }}
    union all
    {%- endfor %}
    {%- endfor %}
    select
        date,
        channel,
        'orders' as measure_group,
        'net_revenue' as measure,
        cast(gross_revenue as decimal(18, 4)) as value
    from orders_daily
    union all
    select
        date,
        channel,
        'orders' as measure_group,
        'net_revenue' as measure,
        cast(-refunds as decimal(18, 4)) as value
    from refunds_daily
)

select
    date,
    measure_group,
    measure,
    channel,
    cast(sum(value) as decimal(18, 4)) as value
from measures
group by date, measure_group, measure, channel

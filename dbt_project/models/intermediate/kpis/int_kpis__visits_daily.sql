with

sessions as (
    select * from {{ ref('int_sessions__identified') }}
),

carts as (
    select * from {{ ref('int_carts__identified') }}
),

buyers as (
    select * from {{ ref('int_kpis__buyers') }}
),

visits as (
    select
        sessions.session_date as date,
        sessions.channel,
        sessions.cart_adds,
        sessions.orders_count > 0 as is_converted,
        coalesce(buyers.first_ordered_at < sessions.started_at, false) as is_repeat
    from sessions
    left join buyers on sessions.customer_key = buyers.customer_key
),

visits_daily as (
    select
        date,
        channel,
        'every' as period_type,
        count(*) as sessions,
        count(*) filter (where is_converted) as converted_sessions,
        count(cart_adds) as cart_known_sessions,
        count(*) filter (where cart_adds > 0) as cart_sessions,
        count(*) filter (where not is_repeat) as new_sessions,
        count(*) filter (where is_repeat) as repeat_sessions,
        count(*) filter (where is_converted and not is_repeat) as new_converted_sessions,
        count(*) filter (where is_converted and is_repeat) as repeat_converted_sessions,
        sum(cart_adds) filter (where not is_repeat) as new_cart_adds,
        sum(cart_adds) filter (where is_repeat) as repeat_cart_adds
    from visits
    group by date, channel
),

carts_daily as (
    select
        cart_date as date,
        'unknown' as channel,
        'every' as period_type,
        count(*) as carts,
        count(*) filter (where is_abandoned) as abandoned_carts,
        count(checkout_started_at) as checkouts,
        count(checkout_started_at) filter (where is_abandoned) as abandoned_checkouts
    from carts
    group by cart_date
)

{{ as_measures('visits_daily', [
    'sessions', 'converted_sessions', 'cart_known_sessions', 'cart_sessions', 'new_sessions', 'repeat_sessions',
    'new_converted_sessions', 'repeat_converted_sessions', 'new_cart_adds', 'repeat_cart_adds',
]) }}
union all
{{ as_measures('carts_daily', ['carts', 'abandoned_carts', 'checkouts', 'abandoned_checkouts']) }}

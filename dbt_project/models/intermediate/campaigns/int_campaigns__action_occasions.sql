-- What customers did that a message may answer: carts, visits and reviews.
with

carts as (
    select * from {{ ref('int_carts__identified') }}
),

sessions as (
    select * from {{ ref('int_sessions__identified') }}
),

reviews as (
    select * from {{ ref('int_reviews__identified') }}
),

-- Beyond the longest window nothing can be due: old carts and visits, which are many, stop here.
horizon as (
    select
        {{ plus_days(as_of(), "-max(due_until_days) filter (
            where occasion in ('cart', 'cart_before_checkout', 'cart_at_checkout', 'browse', 'bad_review')
        )") }} as known_from
    from {{ ref('campaign_playbook') }}
    where is_active
),

open_carts as (
    select carts.*
    from carts
    inner join horizon on carts.created_at > horizon.known_from
    where carts.is_abandoned and carts.customer_key is not null
)

select
    customer_key,
    'cart' as occasion,
    created_at as occasion_at,
    cart_key as item,
    cast(amount as double) as own_value
from open_carts
union all
select
    customer_key,
    case when checkout_started_at is null then 'cart_before_checkout' else 'cart_at_checkout' end as occasion,
    created_at as occasion_at,
    cart_key as item,
    cast(amount as double) as own_value
from open_carts
union all
select
    sessions.customer_key,
    'browse' as occasion,
    sessions.started_at as occasion_at,
    sessions.session_key as item,
    cast(sessions.product_views as double) as own_value
from sessions
inner join horizon on sessions.started_at > horizon.known_from
where
    sessions.customer_key is not null
    and sessions.product_views > 0
    and coalesce(sessions.cart_adds, 0) = 0
    and sessions.orders_count = 0
union all
select
    reviews.customer_key,
    'bad_review' as occasion,
    reviews.reviewed_at as occasion_at,
    reviews.review_key as item,
    cast(reviews.rating as double) as own_value
from reviews
inner join horizon on reviews.reviewed_at > horizon.known_from
where reviews.customer_key is not null

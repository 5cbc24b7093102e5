-- What each claim says, counted in this shop. Below the line are only those who could be watched long enough.
{%- set days_to_first = days_between('buyers.registration_date', 'buyers.first_order_date') %}
{%- set days_to_second = days_between('buyers.first_order_date', 'buyers.second_order_date') %}
with

claims as (
    select
        *,
        cast({{ plus_days('cast(' ~ last_day() ~ ' as timestamp)', '-horizon_days') }} as date) as watched_until
    from {{ ref('benchmark_claims') }}
),

buyers as (
    select * from {{ ref('int_kpis__buyer_totals') }}
),

orders as (
    select * from {{ ref('int_kpis__orders') }}
    where customer_key is not null
),

registrants as (
    select
        claims.claim_id,
        count(*) filter (where {{ days_to_first }} between claims.from_days and claims.to_days) as numerator,
        count(*) as denominator
    from claims
    cross join buyers
    where
        claims.counted = 'first order after registration'
        and buyers.registration_date <= claims.watched_until
        and {{ days_to_first }} between 0 and claims.horizon_days
    group by claims.claim_id
),

first_orders as (
    select
        claims.claim_id,
        claims.counted,
        count(*) filter (where {{ days_to_second }} <= coalesce(claims.to_days, {{ days_to_second }})) as again,
        count(*) as buyers,
        count(buyers.second_order_date) filter (where buyers.first_items_count >= claims.from_items) as again_large,
        count(*) filter (where buyers.first_items_count >= claims.from_items) as buyers_large,
        count(buyers.second_order_date) filter (where buyers.first_items_count = 1) as again_single,
        count(*) filter (where buyers.first_items_count = 1) as buyers_single
    from claims
    cross join buyers
    where claims.counted like '% after first order' and buyers.first_order_date <= claims.watched_until
    group by claims.claim_id, claims.counted
),

silences as (
    select
        claims.claim_id,
        claims.watched_until,
        claims.from_days,
        claims.to_days,
        orders.customer_key,
        max(orders.order_date) filter (where orders.order_date <= claims.watched_until) as last_date,
        count(*) filter (where orders.order_date > claims.watched_until) as orders_after
    from claims
    cross join orders
    where claims.counted = 'order after silence'
    group by claims.claim_id, claims.watched_until, claims.from_days, claims.to_days, orders.customer_key
),

silent as (
    select
        claim_id,
        count(*) filter (where orders_after > 0) as numerator,
        count(*) as denominator
    from silences
    where {{ days_between('last_date', 'watched_until') }} between from_days and to_days
    group by claim_id
),

shares as (
    select * from registrants
    union all
    select * from silent
)

select
    claim_id,
    numerator,
    denominator,
    cast(null as bigint) as base_numerator,
    cast(null as bigint) as base_denominator,
    cast(null as bigint) as units,
    cast(null as double) as standard_error
from shares
union all
select
    claim_id,
    case counted
        when 'second order after first order' then again
        when 'no order after first order' then buyers - again
        else again_large
    end as numerator,
    case when counted = 'order by size after first order' then buyers_large else buyers end as denominator,
    case when counted = 'order by size after first order' then again_single end as base_numerator,
    case when counted = 'order by size after first order' then buyers_single end as base_denominator,
    null as units,
    null as standard_error
from first_orders

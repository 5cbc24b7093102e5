-- What customers hold that ends, is used up or begins again: credit, goods, devices, subscriptions, seasons.
with

credits as (
    select * from {{ ref('stg_feedback__store_credits') }}
),

rates as (
    select * from {{ ref('int_fx__rates') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
    where lookup_type = 'account'
),

replenishment as (
    select * from {{ ref('int_campaigns__replenishment') }}
),

services as (
    select * from {{ ref('int_campaigns__services') }}
),

purchases as (
    select * from {{ ref('int_campaigns__category_purchases') }}
),

care as (
    select * from {{ ref('product_care') }}
),

seasons as (
    select
        purchases.customer_key,
        purchases.category,
        purchases.first_bought_in_season_on,
        -- The start that is next within a month, or else the last one.
        make_date(
            cast(extract(year from {{ last_day() }} + 31) as integer)
            - case when extract(month from {{ last_day() }} + 31) < care.season_first_month then 1 else 0 end,
            cast(care.season_first_month as integer),
            1
        ) as season_from
    from purchases
    inner join care on purchases.category = care.category
    where purchases.first_bought_in_season_on is not null
)

select
    customer_keys.customer_key,
    'store_credit_expiry' as occasion,
    credits.expires_at as occasion_at,
    credits.credit_key as item,
    cast({{ in_reporting_currency('credits.amount') }} as double) as own_value
from credits
inner join customer_keys on credits.account_key = customer_keys.lookup_key
inner join rates
    on
        credits.currency = rates.currency
        and credits.granted_date >= rates.valid_from
        and credits.granted_date < rates.valid_to
where credits.amount > 0 and credits.expires_at is not null and coalesce(credits.used_at >= {{ as_of() }}, true)
union all
select
    customer_key,
    'replenishment' as occasion,
    {{ start_of_local_day('due_on') }} as occasion_at,
    category as item,
    cast(interval_days as double) as own_value
from replenishment
union all
select
    customer_key,
    service_type as occasion,
    {{ start_of_local_day('due_on') }} as occasion_at,
    item,
    cast(null as double) as own_value
from services
union all
select
    customer_key,
    'season' as occasion,
    {{ start_of_local_day('season_from') }} as occasion_at,
    category as item,
    cast(null as double) as own_value
from seasons
where first_bought_in_season_on < season_from

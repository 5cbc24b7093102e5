-- A cost of several days is spread evenly over them, in shares that add up to it exactly.
with

costs as (
    select * from {{ ref('sales_costs') }}
),

rates as (
    select * from {{ ref('int_fx__rates') }}
),

days as (
    select
        cost_id,
        kind,
        coalesce(channel, 'unknown') as channel,
        currency,
        amount,
        valid_from,
        {{ days_between('cast(valid_from as timestamp)', 'cast(valid_to as timestamp)') }} + 1 as days_count,
        {{ each_day('valid_from', 'valid_to') }} as date
    from costs
),

positions as (
    select
        *,
        {{ days_between('cast(valid_from as timestamp)', 'cast(date as timestamp)') }} as day_index
    from days
),

shares as (
    select
        *,
        cast(
            round(cast(amount as double) * (day_index + 1) / days_count, 4)
            - round(cast(amount as double) * day_index / days_count, 4) as decimal(18, 4)
        ) as day_amount
    from positions
)

select
    shares.cost_id,
    shares.kind,
    shares.channel,
    shares.date,
    {{ in_reporting_currency('shares.day_amount') }} as amount
from shares
inner join rates
    on
        shares.currency = rates.currency
        and shares.date >= rates.valid_from
        and shares.date < rates.valid_to
where shares.date <= {{ last_day() }}

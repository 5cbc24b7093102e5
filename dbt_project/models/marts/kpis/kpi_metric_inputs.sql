-- What the metrics of the semantic layer add up: every measure for every channel. A channel that a measure never met
-- has 0 wherever the measure is known at all, so that both sides of a ratio lie in one table.
{{ config(materialized='view') }}
with

measures as (
    select
        period_type,
        period_start,
        -- What adds up over days is needed by day only; of the rest each length of period is a number of its own.
        case when kind = 'flow' then measure else measure || '_' || period_type end as measure,
        dimension,
        dimension_value,
        value
    from {{ ref('kpi_measures_period') }}
    where kind <> 'flow' or period_type = 'day'
),

totals as (
    select * from measures
    where dimension = 'all'
),

by_channel as (
    select * from measures
    where dimension = 'channel'
),

channels as (
    select distinct dimension_value as channel from by_channel
)

select
    totals.period_start as date,
    totals.measure,
    channels.channel,
    coalesce(by_channel.value, case when totals.value is not null then 0 end) as value
from totals
cross join channels
left join by_channel
    on
        totals.measure = by_channel.measure
        and totals.period_start = by_channel.period_start
        and channels.channel = by_channel.dimension_value

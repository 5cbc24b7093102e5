-- How long customers stay. Stays are counted by whole hours first, so that a percentile is a running sum over hours.
with

stays as (
    select * from {{ ref('int_lifecycle__stays') }}
    where valid_from < {{ as_of() }}
),

stages as (
    select * from {{ ref('int_lifecycle__stage_numbers') }}
),

hours as (
    select
        stage_number,
        cast(floor(24 * {{ days_between('valid_from', 'valid_to') }}) as integer) as hours_stayed,
        count(*) as stays
    from stays
    where valid_to <= {{ as_of() }}
    group by stage_number, cast(floor(24 * {{ days_between('valid_from', 'valid_to') }}) as integer)
),

cumulative as (
    select
        stage_number,
        hours_stayed,
        sum(stays) over (partition by stage_number order by hours_stayed) as stays_up_to,
        sum(stays) over (partition by stage_number) as stays_in_all
    from hours
),

percentiles as (
    select
        stage_number,
        max(stays_in_all) as completed_stays,
        min(hours_stayed) filter (where stays_up_to >= 0.5 * stays_in_all) / 24.0 as median_days,
        min(hours_stayed) filter (where stays_up_to >= 0.9 * stays_in_all) / 24.0 as p90_days
    from cumulative
    group by stage_number
),

open_stays as (
    select
        stage_number,
        count(*) as open_stays
    from stays
    where valid_to > {{ as_of() }} or valid_to is null
    group by stage_number
)

select
    stages.model_id,
    stages.stage,
    cast(coalesce(percentiles.completed_stays, 0) as bigint) as completed_stays,
    cast(coalesce(open_stays.open_stays, 0) as bigint) as open_stays,
    cast(percentiles.median_days as double) as median_days,
    cast(percentiles.p90_days as double) as p90_days
from stages
left join percentiles on stages.stage_number = percentiles.stage_number
left join open_stays on stages.stage_number = open_stays.stage_number

-- A missing number would make every lapse NULL; a shortest lapse above the longest would decide by accident.
with

parameters as (
    select
        max(value) filter (where parameter = 'lapse_default_days') as default_days,
        max(value) filter (where parameter = 'lapse_rhythm_min_orders') as min_orders,
        max(value) filter (where parameter = 'lapse_rhythm_factor') as factor,
        max(value) filter (where parameter = 'lapse_min_days') as min_days,
        max(value) filter (where parameter = 'lapse_max_days') as max_days,
        max(value) filter (where parameter = 'lapse_rhythm_shrinkage') as shrinkage,
        max(value) filter (where parameter = 'value_growth_ratio') as growth_ratio,
        max(value) filter (where parameter = 'value_decline_ratio') as decline_ratio,
        max(value) filter (where parameter = 'dropoff_watch_gap') as watch_gap,
        max(value) filter (where parameter = 'dropoff_critical_gap') as critical_gap
    from {{ ref('stage_parameters') }}
)

select *
from parameters
where
    coalesce(min_days, 0) < 1
    or coalesce(factor, 0) <= 0
    -- A rhythm is a gap between orders: it takes two.
    or coalesce(min_orders, 0) < 2
    or default_days is null
    or max_days is null
    or default_days not between min_days and max_days
    or coalesce(shrinkage, -1) < 0
    or coalesce(growth_ratio, 0) < 1
    or coalesce(decline_ratio, 2) > 1
    or coalesce(watch_gap, 1) > coalesce(critical_gap, 0)

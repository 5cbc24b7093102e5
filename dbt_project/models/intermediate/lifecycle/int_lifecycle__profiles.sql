-- What the rules can tell apart, numbered.
with

states as (
    select * from {{ ref('int_lifecycle__states') }}
),

profiles as (
    select distinct
        orders_count,
        milestones,
        has_returned,
        value_trend
    from states
)

select
    *,
    cast(dense_rank() over (order by orders_count, milestones, has_returned, value_trend) as integer) as profile_number
from profiles

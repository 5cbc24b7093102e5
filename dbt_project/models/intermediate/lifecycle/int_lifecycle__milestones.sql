-- Numbers for the milestones, as powers of two.
with

names as (
    select distinct milestone
    from {{ ref('stage_milestones') }}
)

select
    milestone,
    cast(power(2, dense_rank() over (order by milestone) - 1) as integer) as bit
from names

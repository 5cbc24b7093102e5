-- The shop's median gap between orders as it was known at the beginning of each month: whole days, counted, so that
-- a running median costs months x days and not the orders of all months before.
with

gaps as (
    select * from {{ ref('int_lifecycle__gaps') }}
),

months as (
    select distinct order_month
    from gaps
),

counted as (
    select
        order_month,
        cast(floor(gap_days) as integer) as gap_days,
        count(*) as gaps_count
    from gaps
    where gap_days is not null
    group by order_month, cast(floor(gap_days) as integer)
),

known as (
    select
        months.order_month,
        counted.gap_days,
        sum(counted.gaps_count) as gaps_count
    from months
    inner join counted on months.order_month > counted.order_month
    group by months.order_month, counted.gap_days
),

cumulative as (
    select
        order_month,
        gap_days,
        sum(gaps_count) over (partition by order_month order by gap_days) as gaps_up_to,
        sum(gaps_count) over (partition by order_month) as gaps_of_month
    from known
)

select
    order_month,
    cast(min(gap_days) as double) as median_gap_days
from cumulative
where 2 * gaps_up_to >= gaps_of_month
group by order_month

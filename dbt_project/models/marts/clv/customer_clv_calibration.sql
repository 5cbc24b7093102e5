with

held_out as (
    select * from {{ ref('int_clv__held_out') }}
),

purchases as (
    select * from {{ ref('int_clv__purchases') }}
),

parameters as (
    select cast(max(value) as integer) as holdout_days
    from {{ ref('segment_parameters') }}
    where parameter = 'clv_holdout_days'
),

classed as (
    select
        -- Beyond 7 there are too few of each.
        least(purchases.split_frequency, 7) as frequency_class,
        held_out.expected_orders,
        held_out.reason,
        purchases.order_days_after_split
    from held_out
    inner join purchases on held_out.customer_key = purchases.customer_key
)

select
    cast(classed.frequency_class as integer) as frequency_class,
    parameters.holdout_days,
    cast(count(*) as bigint) as customers,
    cast(sum(cast(classed.expected_orders as decimal(18, 6))) as double) as expected_orders,
    cast(sum(classed.order_days_after_split) as bigint) as actual_orders,
    max(classed.reason) as reason
from classed
cross join parameters
group by classed.frequency_class, parameters.holdout_days

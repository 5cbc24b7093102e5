-- Customers are first counted by the set of segments they are in: there are few such sets, however many customers.
with

memberships as (
    select * from {{ ref('customer_segments') }}
),

sets as (
    select
        customer_key,
        {{ sorted_list('segment_id') }} as segment_ids
    from memberships
    group by customer_key
),

counted_sets as (
    select
        segment_ids,
        count(*) as customers
    from sets
    group by segment_ids
),

sizes as (
    select
        segment_id,
        count(*) as customers
    from memberships
    group by segment_id
),

pairs as (
    select
        sizes.segment_id,
        others.segment_id as other_segment_id,
        any_value(sizes.customers) as segment_customers,
        sum(counted_sets.customers) as customers
    from sizes
    inner join counted_sets on array_contains(counted_sets.segment_ids, sizes.segment_id)
    inner join sizes as others
        on
            array_contains(counted_sets.segment_ids, others.segment_id)
            and sizes.segment_id <> others.segment_id
    group by sizes.segment_id, others.segment_id
)

select
    segment_id,
    other_segment_id,
    cast(customers as bigint) as customers,
    cast(segment_customers as bigint) as segment_customers,
    cast(customers as double) / segment_customers as share_of_segment
from pairs

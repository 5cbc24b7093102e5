-- Bands from 0 upwards, each beginning where the one before ends, the last one open: every order has exactly one.
with

bands as (
    select
        from_items,
        to_items,
        coalesce(lag(to_items) over (order by from_items), 0) as expected_from,
        lead(from_items) over (order by from_items) as next_from
    from {{ ref('kpi_order_sizes') }}
)

select * from bands
where
    from_items <> expected_from
    or (next_from is null and to_items is not null)
    or (next_from is not null and to_items is distinct from next_from)

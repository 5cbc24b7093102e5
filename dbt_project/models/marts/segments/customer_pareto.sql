with

customers as (
    select
        customer_key,
        net_revenue,
        -- Who gave back more than they paid has no share to give.
        greatest(net_revenue, 0) as shared_revenue
    from {{ ref('dim_customers') }}
    where orders_count > 0
),

classes as (
    select * from {{ ref('pareto_classes') }}
),

parameters as (
    select max(value) filter (where parameter = 'pareto_top_share') as top_share
    from {{ ref('segment_parameters') }}
),

cumulated as (
    select
        customer_key,
        net_revenue,
        shared_revenue,
        row_number() over largest_first as customer_rank,
        sum(shared_revenue) over (largest_first rows between unbounded preceding and current row) as cumulative_revenue,
        sum(shared_revenue) over () as total_revenue,
        count(*) over () as customers_count
    from customers
    window largest_first as (order by shared_revenue desc, customer_key asc)
),

shares as (
    select
        *,
        cast(cumulative_revenue as double) / nullif(cast(total_revenue as double), 0) as cumulative_share,
        -- The customer who crosses a threshold still belongs to the class before it.
        coalesce(
            cast(cumulative_revenue - shared_revenue as double) / nullif(cast(total_revenue as double), 0), 1
        ) as share_before
    from cumulated
)

select
    shares.customer_key,
    classes.class_id,
    shares.customer_rank,
    shares.net_revenue,
    '{{ var("reporting_currency") }}' as currency,
    cast(shares.cumulative_revenue as decimal(18, 4)) as cumulative_revenue,
    shares.cumulative_share,
    shares.customer_rank <= ceil(shares.customers_count * parameters.top_share) as is_in_top_share
from shares
cross join parameters
inner join classes
    on
        shares.share_before >= classes.from_share
        and (shares.share_before < classes.to_share or classes.to_share is null)

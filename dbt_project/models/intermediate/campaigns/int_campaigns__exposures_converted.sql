-- Only exposures that were followed by an order: the others are counted from the exposures themselves.
with

exposures as (
    select * from {{ ref('int_campaigns__exposures') }}
),

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
),

placed as (
    select
        customer_key,
        order_key,
        ordered_at,
        gross_revenue,
        net_revenue,
        discount_amount,
        case when fully_refunded_at is not null then 1 else 0 end as is_fully_refunded
    from orders
    where is_completed and customer_key is not null
),

responses as (
    select
        exposures.exposure_key,
        min(placed.ordered_at) as converted_at,
        min_by(placed.order_key, cast(placed.ordered_at as varchar) || placed.order_key) as order_key,
        count(*) as orders_count,
        sum(placed.is_fully_refunded) as refunded_orders_count,
        sum(placed.gross_revenue) as gross_revenue,
        sum(placed.net_revenue) as net_revenue,
        sum(placed.discount_amount) as discount_amount
    from exposures
    inner join placed
        on
            exposures.customer_key = placed.customer_key
            and exposures.exposed_at < placed.ordered_at
            and exposures.window_end >= placed.ordered_at
    group by exposures.exposure_key
)

select
    exposures.*,
    responses.converted_at,
    responses.order_key,
    responses.orders_count,
    responses.refunded_orders_count,
    responses.gross_revenue,
    responses.net_revenue,
    responses.discount_amount
from responses
inner join exposures on responses.exposure_key = exposures.exposure_key

with

converted as (
    select * from {{ ref('int_campaigns__exposures_converted') }}
)

select
    exposure_key,
    customer_key,
    source,
    campaign_id,
    trigger_id,
    arm,
    stage,
    exposed_at,
    window_end,
    is_mature,
    converted_at,
    order_key,
    cast(orders_count as bigint) as orders_count,
    cast(refunded_orders_count as bigint) as refunded_orders_count,
    cast(gross_revenue as decimal(18, 4)) as gross_revenue,
    cast(net_revenue as decimal(18, 4)) as net_revenue,
    cast(discount_amount as decimal(18, 4)) as discount_amount,
    '{{ var("reporting_currency") }}' as currency
from converted

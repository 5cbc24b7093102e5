with

customers as (
    select
        customer_key,
        orders_count,
        cast({{ days_between(local_date('last_order_at'), last_day()) }} as integer) as recency_days,
        cast(net_revenue / orders_count as decimal(18, 4)) as average_order_value
    from {{ ref('dim_customers') }}
    where orders_count > 0
),

bands as (
    select
        axis,
        band_id,
        -- Everything below the first band of an axis falls into it: an average can be negative after refunds.
        coalesce(from_value, -99999999999999) as from_value,
        coalesce(to_value, 99999999999999) as to_value
    from {{ ref('active_grid') }}
)

select
    customers.customer_key,
    recency.band_id || '_' || frequency.band_id || '_' || order_value.band_id as cell_id,
    recency.band_id as recency_band,
    frequency.band_id as frequency_band,
    order_value.band_id as order_value_band,
    customers.recency_days,
    customers.orders_count,
    customers.average_order_value,
    '{{ var("reporting_currency") }}' as currency
from customers
inner join bands as recency
    on
        recency.axis = 'recency'
        and customers.recency_days >= recency.from_value
        and customers.recency_days < recency.to_value
inner join bands as frequency
    on
        frequency.axis = 'frequency'
        and customers.orders_count >= frequency.from_value
        and customers.orders_count < frequency.to_value
inner join bands as order_value
    on
        order_value.axis = 'order_value'
        and customers.average_order_value >= order_value.from_value
        and customers.average_order_value < order_value.to_value

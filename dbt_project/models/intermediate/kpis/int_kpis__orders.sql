with

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
    where is_completed
),

buyers as (
    select * from {{ ref('int_kpis__buyers') }}
),

narrow as (
    select
        orders.customer_key,
        orders.order_date,
        orders.order_sequence,
        orders.items_count,
        orders.gross_amount,
        orders.discount_amount,
        orders.shipping_amount,
        orders.tax_amount,
        cast(orders.gross_revenue as decimal(18, 4)) as gross_revenue,
        cast(orders.gross_revenue + orders.tax_amount as decimal(18, 4)) as paid_amount,
        cast(orders.gross_revenue - orders.goods_cost as decimal(18, 4)) as margin
    from orders
),

-- Whether an order is the customer's first of a day, week or year is read off the order before it: nobody has to be
-- counted apart for each of these.
preceded as (
    select
        *,
        lag(order_date) over (partition by customer_key order by order_sequence) as previous_order_date
    from narrow
    where customer_key is not null
    union all
    select
        *,
        cast(null as date) as previous_order_date
    from narrow
    where customer_key is null
)

select
    preceded.*,
    buyers.first_order_date,
    buyers.registration_date,
    coalesce(buyers.acquisition_channel, 'unknown') as acquisition_channel,
    buyers.first_category,
    buyers.first_order_size,
    buyers.loyalty
from preceded
left join buyers on preceded.customer_key = buyers.customer_key

with

orders as (
    select * from {{ ref('int_orders__net_of_refunds') }}
    where is_completed
),

buyers as (
    select * from {{ ref('int_kpis__buyers') }}
),

order_lines as (
    select * from {{ ref('int_order_lines__converted') }}
),

products as (
    select * from {{ ref('int_products__catalogue') }}
),

-- What the goods of an order cost; unknown as soon as the cost of one product in it is.
costs as (
    select
        order_lines.order_key,
        case
            when count(*) filter (where order_lines.line_type = 'product' and products.unit_cost is null) = 0
                then sum(
                    case
                        when order_lines.line_type = 'product'
                            then cast(order_lines.quantity * products.unit_cost as decimal(18, 4))
                        else 0
                    end
                )
        end as goods_cost
    from order_lines
    left join products on order_lines.product_key = products.product_key
    group by order_lines.order_key
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
        cast(orders.gross_revenue - costs.goods_cost as decimal(18, 4)) as margin
    from orders
    left join costs on orders.order_key = costs.order_key
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

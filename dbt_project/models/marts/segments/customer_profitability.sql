with

customers as (
    select
        *,
        cast(date_trunc('month', {{ local_date('first_order_at') }}) as date) as first_order_month
    from {{ ref('dim_customers') }}
    where orders_placed_count > 0
),

habits as (
    select * from {{ ref('int_segments__order_habits') }}
),

goods as (
    select
        customer_key,
        sum(goods_revenue) as goods_revenue,
        case when count(*) = count(goods_cost) then sum(goods_cost) end as goods_cost
    from {{ ref('customer_categories') }}
    group by customer_key
),

spend as (
    select
        period_start as month,
        dimension,
        dimension_value as channel,
        value as spend
    from {{ ref('kpi_measures_period') }}
    where measure = 'acquisition_spend' and period_type = 'month' and value is not null
),

acquired as (
    select
        acquisition_channel,
        first_order_month,
        count(*) as new_customers
    from customers
    group by acquisition_channel, first_order_month
),

-- A channel without spend costs nothing in a month of which spend is known, and an unknown sum in any other. What was
-- spent on no channel is borne by all new customers of the month alike.
costs as (
    select
        acquired.acquisition_channel,
        acquired.first_order_month,
        cast(
            coalesce(own.spend, 0) / acquired.new_customers
            + coalesce(shared.spend, 0) / sum(acquired.new_customers) over (partition by acquired.first_order_month)
            as decimal(18, 4)
        ) as acquisition_cost
    from acquired
    inner join spend as known on acquired.first_order_month = known.month and known.dimension = 'all'
    left join spend as own
        on
            acquired.first_order_month = own.month
            and acquired.acquisition_channel = own.channel
            and own.dimension = 'channel'
            and own.channel <> 'unknown'
    left join spend as shared
        on acquired.first_order_month = shared.month and shared.dimension = 'channel' and shared.channel = 'unknown'
),

-- Nothing that counts was bought: no goods, no cost. A bought good of unknown cost stays unknown.
profits as (
    select
        customers.customer_key,
        customers.net_revenue,
        customers.acquisition_channel,
        customers.first_order_month,
        coalesce(habits.discount_amount, 0) as discount_amount,
        case when customers.orders_count = 0 then 0 else goods.goods_cost end as goods_cost,
        costs.acquisition_cost
    from customers
    left join habits on customers.customer_key = habits.customer_key
    left join goods on customers.customer_key = goods.customer_key
    left join costs
        on
            customers.acquisition_channel = costs.acquisition_channel
            and customers.first_order_month = costs.first_order_month
)

select
    profits.customer_key,
    coalesce(bands.band_id, 'unknown') as band_id,
    profits.net_revenue,
    cast(profits.discount_amount as decimal(18, 4)) as discount_amount,
    cast(profits.goods_cost as decimal(18, 4)) as goods_cost,
    cast(profits.net_revenue - profits.goods_cost as decimal(18, 4)) as margin,
    profits.acquisition_channel,
    profits.first_order_month,
    profits.acquisition_cost,
    cast(profits.net_revenue - profits.goods_cost - profits.acquisition_cost as decimal(18, 4)) as profit,
    '{{ var("reporting_currency") }}' as currency
from profits
left join {{ ref('profitability_bands') }} as bands
    on
        profits.net_revenue - profits.goods_cost - profits.acquisition_cost
        >= coalesce(bands.from_profit, -99999999999999)
        and profits.net_revenue - profits.goods_cost - profits.acquisition_cost
        < coalesce(bands.to_profit, 99999999999999)

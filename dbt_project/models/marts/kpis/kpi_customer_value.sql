-- What a customer is worth, by the formulas that need no model: over the 365 days before as_of and the 365 before
-- these.
with

buyers as (
    select * from {{ ref('int_kpis__buyer_totals') }}
),

spend as (
    select
        case when dimension = 'channel' then 'acquisition_channel' else dimension end as dimension,
        dimension_value,
        sum(value) as spend
    from {{ ref('kpi_measures_period') }}
    where
        measure = 'acquisition_spend' and period_type = 'day'
        and period_start > cast({{ last_day() }} - interval 365 day as date)
    group by dimension, dimension_value
),

parameters as (
    select
        max(value) filter (where parameter = 'years_kept_max') as years_kept_max,
        max(value) filter (where parameter = 'costed_share_min') as costed_share_min
    from {{ ref('kpi_parameters') }}
),

grouped as (
    {%- for dimension, value in {'all': "'all'", 'acquisition_channel': 'acquisition_channel'}.items() %}
    select
        '{{ dimension }}' as dimension,
        {{ value }} as dimension_value,
        *
    from buyers
    union all
    {%- endfor %}
    select
        'segment' as dimension,
        segments.segment_id as dimension_value,
        buyers.*
    from {{ ref('customer_segments') }} as segments
    inner join buyers on segments.customer_key = buyers.customer_key
),

totals as (
    select
        dimension,
        dimension_value,
        count(*) as customers,
        sum(net_revenue) as net_revenue,
        count(*) filter (where is_new_last_year) as new_customers_last_year,
        count(*) filter (where orders_last_year > 0) as customers_last_year,
        count(*) filter (where orders_year_before > 0) as customers_year_before,
        count(*) filter (where orders_year_before > 0 and orders_last_year > 0) as customers_kept,
        sum(orders_last_year) as orders_last_year,
        sum(gross_revenue_last_year) as gross_revenue_last_year,
        sum(gross_revenue_last_year - refunded_last_year) as net_revenue_last_year,
        sum(costed_revenue_last_year) as costed_revenue_last_year,
        sum(costed_margin_last_year) as costed_margin_last_year
    from grouped
    group by dimension, dimension_value
),

-- A channel without spend cost nothing as far as spend is known at all; what a segment cost nobody knows.
spent as (
    select
        totals.*,
        case
            when all_spend.spend is not null and totals.dimension <> 'segment' then coalesce(spend.spend, 0)
        end as acquisition_spend_last_year
    from totals
    left join spend as all_spend on all_spend.dimension = 'all'
    left join spend on totals.dimension = spend.dimension and totals.dimension_value = spend.dimension_value
),

rates as (
    select
        spent.*,
        cast(spent.orders_last_year as double) / nullif(spent.customers_last_year, 0) as orders_a_year,
        cast(spent.gross_revenue_last_year as double) / nullif(spent.orders_last_year, 0) as aov,
        cast(spent.net_revenue_last_year as double) / nullif(spent.customers_last_year, 0) as arpu,
        {{ contribution(
            'spent.gross_revenue_last_year', 'spent.net_revenue_last_year', 'spent.costed_revenue_last_year',
            'spent.costed_margin_last_year', 'parameters.costed_share_min'
        ) }} as contribution_last_year,
        -- Of n customers one leaves a year: a customer is kept n years, but no longer than is taken for possible.
        -- Where nobody left yet the quotient is NULL, which least() leaves out.
        case when spent.customers_year_before > 0 then least(
            cast(spent.customers_year_before as double)
            / nullif(spent.customers_year_before - spent.customers_kept, 0),
            cast(parameters.years_kept_max as double)
        ) end as years_kept,
        cast(spent.acquisition_spend_last_year as double) / nullif(spent.new_customers_last_year, 0) as cac
    from spent
    cross join parameters
)

select
    dimension,
    dimension_value,
    customers,
    new_customers_last_year,
    customers_last_year,
    customers_year_before,
    customers_kept,
    cast(orders_last_year as bigint) as orders_last_year,
    cast(gross_revenue_last_year as decimal(18, 4)) as gross_revenue_last_year,
    cast(net_revenue_last_year as decimal(18, 4)) as net_revenue_last_year,
    cast(contribution_last_year as decimal(18, 4)) as contribution_last_year,
    case
        when gross_revenue_last_year > 0
            then cast(costed_revenue_last_year as double) / cast(gross_revenue_last_year as double)
    end as costed_share,
    cast(acquisition_spend_last_year as decimal(18, 4)) as acquisition_spend_last_year,
    cast(contribution_last_year - acquisition_spend_last_year as decimal(18, 4)) as profit_last_year,
    orders_a_year,
    years_kept,
    cast(aov as decimal(18, 4)) as aov,
    cast(arpu as decimal(18, 4)) as arpu,
    cast(contribution_last_year / nullif(customers_last_year, 0) as decimal(18, 4)) as profit_per_customer,
    cast(cac as decimal(18, 4)) as cac,
    cast(orders_a_year * aov * years_kept as decimal(18, 4)) as clv_simple,
    cast(arpu * years_kept as decimal(18, 4)) as clv_arpu,
    cast(cast(net_revenue as double) / customers as decimal(18, 4)) as clv_historic,
    cast(contribution_last_year / nullif(customers_last_year, 0) * years_kept as decimal(18, 4)) as lifetime_profit,
    cast(contribution_last_year / nullif(customers_last_year, 0) * years_kept - cac as decimal(18, 4)) as clv_net,
    '{{ var("reporting_currency") }}' as currency
from rates

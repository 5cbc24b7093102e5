with

members as (
    select * from {{ ref('int_kpis__cohort_members') }}
),

cells as (
    select * from {{ ref('int_kpis__cohort_cells') }}
),

bounds as (
    select
        min(cohort_start) as first_day,
        {{ last_day() }} as last_day
    from members
),

days as (
    select {{ each_day('first_day', 'last_day') }} as date
    from bounds
),

periods as (
    {%- for period_type in ['month', 'week'] %}
    select distinct
        '{{ period_type }}' as period_type,
        {{ period_start(period_type, 'date') }} as period_start,
        {{ next_period(period_type, period_start(period_type, 'date')) }} as next_start
    from days
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- A period in which nobody came has no cell: there it says 0.
grid as (
    select
        members.*,
        periods.period_start,
        case members.period_type
            when 'month' then {{ month_number('periods.period_start') }} - {{ month_number('members.cohort_start') }}
            else
                {{ days_between(
                    'cast(members.cohort_start as timestamp)', 'cast(periods.period_start as timestamp)'
                ) }} / 7
        end as age,
        periods.next_start <= {{ local_date(as_of()) }} as is_mature
    from members
    inner join periods
        on members.period_type = periods.period_type and members.cohort_start <= periods.period_start
),

filled as (
    select
        grid.*,
        coalesce(cells.active_customers, 0) as active_customers,
        coalesce(cells.orders, 0) as orders,
        coalesce(cells.gross_revenue, 0) as gross_revenue,
        coalesce(cells.net_revenue, 0) as net_revenue,
        coalesce(cells.costed_revenue, 0) as costed_revenue,
        coalesce(cells.costed_margin, 0) as costed_margin,
        case when cells.cohort_start is null then 0 else cells.margin end as margin
    from grid
    left join cells
        on
            grid.cohort_event = cells.cohort_event
            and grid.period_type = cells.period_type
            and grid.cohort_start = cells.cohort_start
            and grid.period_start = cells.period_start
            and grid.dimension = cells.dimension
            and grid.dimension_value = cells.dimension_value
)

select
    cohort_event,
    period_type,
    dimension,
    dimension_value,
    cohort_start,
    cast(age as integer) as age,
    period_start,
    case when period_type = 'month' then cohort_start end as cohort_month,
    case when period_type = 'month' then cast(age as integer) end as months_since,
    is_mature,
    cohort_customers,
    case when is_mature then active_customers end as active_customers,
    case when is_mature then cast(active_customers as double) / cohort_customers end as retention_rate,
    case when is_mature then 1 - cast(active_customers as double) / cohort_customers end as churn_rate,
    case when is_mature then orders end as orders,
    case when is_mature then cast(gross_revenue as decimal(18, 4)) end as gross_revenue,
    case when is_mature then cast(net_revenue as decimal(18, 4)) end as net_revenue,
    case when is_mature then cast(costed_revenue as decimal(18, 4)) end as costed_revenue,
    case when is_mature then cast(costed_margin as decimal(18, 4)) end as costed_margin,
    case when is_mature then cast(margin as decimal(18, 4)) end as margin,
    orders as orders_so_far,
    cast(net_revenue as decimal(18, 4)) as net_revenue_so_far,
    '{{ var("reporting_currency") }}' as currency
from filled

-- Unique customers, made additive: a customer counts on the day of their first order of the period, so that the days of
-- one week add up to the customers of that week, and those of one year to the customers of that year.
{%- set period_types = ['day', 'week', 'month', 'quarter', 'year'] %}
with

orders as (
    select * from {{ ref('int_kpis__orders') }}
    where customer_key is not null
),

parameters as (
    select cast(value as integer) as loyal_from_orders
    from {{ ref('kpi_parameters') }}
    where parameter = 'loyal_from_orders'
),

dates as (
    select distinct order_date from orders
),

calendar as (
    select
        {%- for period_type in period_types %}
        {{ period_start(period_type, 'order_date') }} as {{ period_type }}_start,
        {{ next_period(period_type, period_start(period_type, 'order_date'), -1) }} as {{ period_type }}_before,
        {%- endfor %}
        order_date
    from dates
),

placed as (
    select
        calendar.*,
        orders.acquisition_channel,
        orders.order_sequence as sequence,
        orders.previous_order_date,
        parameters.loyal_from_orders
    from orders
    inner join calendar on orders.order_date = calendar.order_date
    cross join parameters
),

counted as (
    select
        {%- for period_type in period_types %}
        {%- set is_first = '(sequence = 1 or previous_order_date < ' ~ period_type ~ '_start)' %}
        count(*) filter (where {{ is_first }}) as customers_{{ period_type }},
        count(*) filter (where {{ is_first }} and previous_order_date >= {{ period_type }}_before)
            as retained_customers_{{ period_type }},
        count(*) filter (
            where (sequence > 1 and {{ is_first }}) or (sequence = 2 and not {{ is_first }})
        ) as repeat_customers_{{ period_type }},
        count(*) filter (
            where sequence = loyal_from_orders or (sequence > loyal_from_orders and {{ is_first }})
        ) as loyal_customers_{{ period_type }},
        {%- endfor %}
        order_date as date,
        acquisition_channel as channel
    from placed
    group by order_date, acquisition_channel
),

by_period_type as (
    {%- for period_type in period_types %}
    select
        date,
        channel,
        '{{ period_type }}' as period_type,
        {{ next_period(period_type, period_start(period_type, 'date')) }} as next_period,
        customers_{{ period_type }} as customers,
        retained_customers_{{ period_type }} as retained_customers,
        repeat_customers_{{ period_type }} as repeat_customers,
        loyal_customers_{{ period_type }} as loyal_customers
    from counted
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- The customers of a period are what the next one may keep.
befores as (
    select
        next_period as date,
        channel,
        period_type,
        sum(customers) as customers_before
    from by_period_type
    where next_period <= {{ last_day() }}
    group by next_period, channel, period_type
)

{{ as_measures('by_period_type', ['customers', 'retained_customers', 'repeat_customers', 'loyal_customers']) }}
union all
{{ as_measures('befores', ['customers_before']) }}

-- What the members of a cohort did in each period, by each dimension. One pass over the orders for each kind of cohort.
{%- set cohorts = {
    'first_order': ['acquisition_channel', 'first_category', 'first_order_size', 'loyalty'],
    'registration': ['acquisition_channel'],
} %}
{%- set period_types = ['month', 'week'] %}
with

orders as (
    select * from {{ ref('int_kpis__orders') }}
    where customer_key is not null
),

refunds as (
    select * from {{ ref('int_kpis__refunds') }}
    where first_order_date is not null
),

movements as (
    select
        first_order_date,
        registration_date,
        acquisition_channel,
        first_category,
        first_order_size,
        loyalty,
        order_date as date,
        previous_order_date,
        1 as orders,
        gross_revenue,
        cast(0 as decimal(18, 4)) as refunded,
        case when margin is not null then gross_revenue else 0 end as costed_revenue,
        margin
    from orders
    union all
    -- Money given back counts when it was given back, not when the order was placed; at age 0 when the order it undoes
    -- lies before the first order we know.
    select
        first_order_date,
        registration_date,
        acquisition_channel,
        first_category,
        first_order_size,
        loyalty,
        greatest(first_order_date, refund_date) as date,
        cast(null as date) as previous_order_date,
        0 as orders,
        cast(0 as decimal(18, 4)) as gross_revenue,
        refunded,
        cast(0 as decimal(18, 4)) as costed_revenue,
        cast(0 as decimal(18, 4)) as margin
    from refunds
),

{% for cohort_event, dimensions in cohorts.items() %}
{%- set start = cohort_event ~ '_date' %}
{%- for period_type in period_types %}
{%- set cell = period_start(period_type, start) ~ ', ' ~ period_start(period_type, 'date') %}
{{ cohort_event }}_by_{{ period_type }} as (
    select
        '{{ cohort_event }}' as cohort_event,
        '{{ period_type }}' as period_type,
        {{ period_start(period_type, start) }} as cohort_start,
        {{ period_start(period_type, 'date') }} as period_start,
        case
            {%- for dimension in dimensions %}
            when grouping({{ dimension }}) = 0 then '{{ dimension }}'
            {%- endfor %}
            else 'all'
        end as dimension,
        case
            {%- for dimension in dimensions %}
            when grouping({{ dimension }}) = 0 then {{ dimension }}
            {%- endfor %}
            else 'all'
        end as dimension_value,
        -- A refund is no order, and of the orders of a period only the first has none before it in the period. One from
        -- before the registration is none of the cohort's.
        count(*) filter (
            where
            orders = 1
            and coalesce(previous_order_date < greatest({{ start }}, {{ period_start(period_type, 'date') }}), true)
        ) as active_customers,
        sum(orders) as orders,
        sum(gross_revenue) as gross_revenue,
        sum(refunded) as refunded,
        sum(costed_revenue) as costed_revenue,
        coalesce(sum(margin), 0) as costed_margin,
        count(*) - count(margin) as uncosted_orders
    from movements
    where date >= {{ start }}
    group by grouping sets (
        ({{ cell }})
        {%- for dimension in dimensions %},
        ({{ cell }}, {{ dimension }})
        {%- endfor %}
    )
),

{% endfor %}
{%- endfor %}
cells as (
    {%- for cohort_event in cohorts %}
    {%- set outer_last = loop.last %}
    {%- for period_type in period_types %}
    select * from {{ cohort_event }}_by_{{ period_type }}
    {%- if not (outer_last and loop.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
)

select
    cohort_event,
    period_type,
    cohort_start,
    period_start,
    dimension,
    dimension_value,
    active_customers,
    cast(orders as bigint) as orders,
    cast(gross_revenue as decimal(18, 4)) as gross_revenue,
    cast(gross_revenue - refunded as decimal(18, 4)) as net_revenue,
    cast(costed_revenue as decimal(18, 4)) as costed_revenue,
    cast(costed_margin as decimal(18, 4)) as costed_margin,
    case when uncosted_orders = 0 then cast(costed_margin - refunded as decimal(18, 4)) end as margin
from cells

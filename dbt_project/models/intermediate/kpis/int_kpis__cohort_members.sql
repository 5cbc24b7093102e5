-- How many belong to each cohort, by each dimension; of the registered also those who never ordered.
{%- set dimensions = ['acquisition_channel', 'first_category', 'first_order_size', 'loyalty'] %}
with

buyers as (
    select * from {{ ref('int_kpis__buyers') }}
),

customers as (
    select * from {{ ref('int_customers__registered') }}
    where registration_date is not null
),

acquired as (
    select * from {{ ref('int_customers__acquired') }}
),

members as (
    {%- for dimension in dimensions %}
    select
        'first_order' as cohort_event,
        first_order_date as cohort_date,
        '{{ dimension }}' as dimension,
        {{ dimension }} as dimension_value,
        count(*) as customers
    from buyers
    group by first_order_date, {{ dimension }}
    union all
    {%- endfor %}
    select
        'first_order' as cohort_event,
        first_order_date as cohort_date,
        'all' as dimension,
        'all' as dimension_value,
        count(*) as customers
    from buyers
    group by first_order_date
    union all
    select
        'registration' as cohort_event,
        customers.registration_date as cohort_date,
        'acquisition_channel' as dimension,
        acquired.acquisition_channel as dimension_value,
        count(*) as customers
    from customers
    inner join acquired on customers.customer_key = acquired.customer_key
    group by customers.registration_date, acquired.acquisition_channel
    union all
    select
        'registration' as cohort_event,
        registration_date as cohort_date,
        'all' as dimension,
        'all' as dimension_value,
        count(*) as customers
    from customers
    group by registration_date
)

{%- for period_type in ['month', 'week'] %}
select
    cohort_event,
    '{{ period_type }}' as period_type,
    {{ period_start(period_type, 'cohort_date') }} as cohort_start,
    dimension,
    dimension_value,
    cast(sum(customers) as bigint) as cohort_customers
from members
group by cohort_event, {{ period_start(period_type, 'cohort_date') }}, dimension, dimension_value
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}

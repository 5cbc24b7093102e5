-- What comes round for a customer by their orders, stage and calendar. Windows are applied by the playbook, later.
with

customers as (
    select * from {{ ref('int_campaigns__customers') }}
),

members as (
    select * from {{ ref('int_campaigns__members') }}
),

stays as (
    select * from {{ ref('int_campaigns__stays') }}
),

gaps as (
    select * from {{ ref('int_campaigns__gaps') }}
),

parameters as (
    select max(value) as rhythm_min_orders
    from {{ ref('trigger_parameters') }}
    where parameter = 'rhythm_min_orders'
),

years as (
    select extract(year from {{ last_day() }}) as number
    union all
    select extract(year from {{ last_day() }}) - 1 as number
),

anniversaries as (
    select
        customers.customer_key,
        {{ local_date('customers.first_order_at') }} as first_order_on,
        years.number - extract(year from {{ local_date('customers.first_order_at') }}) as years_since
    from customers
    cross join years
    where customers.first_order_at is not null
),

dated as (
    select
        customer_key,
        years_since,
        case
            when extract(month from first_order_on) = 2 and extract(day from first_order_on) = 29
                then make_date(cast(extract(year from first_order_on) + years_since as integer), 3, 1) - 1
            else make_date(
                cast(extract(year from first_order_on) + years_since as integer),
                cast(extract(month from first_order_on) as integer),
                cast(extract(day from first_order_on) as integer)
            )
        end as anniversary
    from anniversaries
    where years_since > 0
)

select
    customer_key,
    'registered' as occasion,
    registered_at as occasion_at,
    'account' as item
from customers
where registered_at is not null
union all
select
    customer_key,
    'last_order' as occasion,
    last_order_at as occasion_at,
    'order' as item
from customers
where last_order_at is not null
union all
select
    customers.customer_key,
    'expected_order' as occasion,
    {{ plus_days('customers.last_order_at', 'ceil(customers.mean_gap_days)') }} as occasion_at,
    'order' as item
from customers
cross join parameters
where customers.orders_count >= parameters.rhythm_min_orders and customers.mean_gap_days is not null
union all
select
    customer_key,
    case when is_current then 'stage_entered' else 'stage_left' end as occasion,
    case when is_current then valid_from else valid_to end as occasion_at,
    model_id || '/' || stage as item
from stays
union all
select
    customer_key,
    'order_anniversary' as occasion,
    {{ start_of_local_day('anniversary') }} as occasion_at,
    'first order' as item
from dated
union all
select
    customer_key,
    'birthday' as occasion,
    {{ start_of_local_day('birthday') }} as occasion_at,
    'birthday' as item
from members
where birthday is not null
union all
select
    gaps.customer_key,
    gaps.occasion,
    customers.last_order_at as occasion_at,
    gaps.category as item
from gaps
inner join customers on gaps.customer_key = customers.customer_key

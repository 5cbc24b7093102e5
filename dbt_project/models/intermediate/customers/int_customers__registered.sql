with

identities as (
    select * from {{ ref('int_customers__identities') }}
    where identity_type in ('account', 'guest_order')
),

golden as (
    select * from {{ ref('int_customers__golden') }}
),

customers as (
    select
        customer_key,
        min(registered_at) as registered_at,
        min(first_seen_at) as first_seen_at,
        count(*) filter (where identity_type = 'account') as accounts_count
    from identities
    group by customer_key
)

select
    customers.customer_key,
    customers.registered_at,
    {{ local_date('customers.registered_at') }} as registration_date,
    customers.first_seen_at,
    customers.accounts_count,
    golden.country
from customers
left join golden on customers.customer_key = golden.customer_key

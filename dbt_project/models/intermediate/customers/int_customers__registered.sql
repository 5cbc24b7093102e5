with

identities as (
    select * from {{ ref('int_customers__identities') }}
),

accounts as (
    select * from {{ ref('stg_shop__customers') }}
),

customers as (
    select
        customer_key,
        min(first_seen_at) as first_seen_at,
        count(*) filter (where identity_type = 'account') as accounts_count
    from identities
    group by customer_key
),

registrations as (
    select
        identities.customer_key,
        min(accounts.registered_at) as registered_at,
        min_by(accounts.country, cast(accounts.registered_at as varchar) || accounts.country) as registered_country,
        min(accounts.country) as any_country
    from identities
    inner join accounts
        on identities.identity_key = accounts.account_key and identities.identity_type = 'account'
    group by identities.customer_key
)

select
    customers.customer_key,
    registrations.registered_at,
    {{ local_date('registrations.registered_at') }} as registration_date,
    customers.first_seen_at,
    customers.accounts_count,
    coalesce(registrations.registered_country, registrations.any_country) as country
from customers
left join registrations on customers.customer_key = registrations.customer_key

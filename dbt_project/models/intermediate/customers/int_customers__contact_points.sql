with

identities as (
    select * from {{ ref('int_customers__identities') }}
),

accounts as (
    select * from {{ ref('stg_shop__customers') }}
),

orders as (
    select * from {{ ref('stg_shop__orders') }}
)

select
    identities.customer_key,
    accounts.email,
    accounts.phone,
    accounts.first_name,
    accounts.last_name,
    coalesce(accounts.updated_at, accounts.registered_at, cast('1970-01-01' as timestamp)) as seen_at
from identities
inner join accounts on identities.identity_key = accounts.account_key
where identities.identity_type = 'account'
union all
select
    identities.customer_key,
    orders.email,
    null as phone,
    null as first_name,
    null as last_name,
    orders.ordered_at as seen_at
from identities
inner join orders on identities.identity_key = orders.order_key
where identities.identity_type = 'guest_order'
-- An account whose record has no address, or that is known by its orders only: the address given at checkout.
union all
select
    identities.customer_key,
    orders.email,
    null as phone,
    null as first_name,
    null as last_name,
    orders.ordered_at as seen_at
from identities
inner join orders on identities.identity_key = orders.account_key
left join accounts on identities.identity_key = accounts.account_key
where identities.identity_type = 'account' and accounts.email is null and orders.email is not null

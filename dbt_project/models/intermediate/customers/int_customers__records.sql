-- What is told about people, one row per shop account and per address that guests ordered with.
with

accounts as (
    select * from {{ ref('stg_shop__customers') }}
),

orders as (
    select * from {{ ref('stg_shop__orders') }}
),

ordering_accounts as (
    select
        account_key,
        min(source) as source,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at
    from orders
    where account_key is not null
    group by account_key
),

-- An account whose record has no address, or that is known by its orders only: the address last given at checkout.
checkout_addresses as (
    select
        orders.account_key,
        max_by(orders.email, cast(orders.ordered_at as varchar) || orders.email_key) as email,
        max_by(orders.email_key, cast(orders.ordered_at as varchar) || orders.email_key) as email_key,
        max(orders.ordered_at) as seen_at
    from orders
    left join accounts on orders.account_key = accounts.account_key
    where orders.account_key is not null and orders.email_key is not null and accounts.email_key is null
    group by orders.account_key
),

guests as (
    select
        email_key,
        min(email) as email,
        min_by(source, cast(ordered_at as varchar) || order_key) as source,
        min_by(order_key, cast(ordered_at as varchar) || order_key) as order_key,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        count(*) as orders_count
    from orders
    where account_key is null and email_key is not null
    group by email_key
)

select
    'account' as identity_type,
    coalesce(accounts.account_key, ordering_accounts.account_key) as identity_key,
    coalesce(accounts.source, ordering_accounts.source) as source,
    coalesce(accounts.email, checkout_addresses.email) as email,
    coalesce(accounts.email_key, checkout_addresses.email_key) as email_key,
    case when accounts.email_key is null then 'checkout_of_account' else 'shop_account' end as email_rule,
    coalesce(accounts.phone_e164, accounts.phone) as phone,
    accounts.phone_key,
    accounts.first_name,
    accounts.last_name,
    accounts.birth_date,
    accounts.loyalty_id,
    accounts.loyalty_key,
    accounts.country,
    accounts.registered_at,
    least(accounts.registered_at, ordering_accounts.first_ordered_at) as first_seen_at,
    greatest(accounts.registered_at, accounts.updated_at, ordering_accounts.last_ordered_at) as last_seen_at,
    coalesce(accounts.updated_at, accounts.registered_at, checkout_addresses.seen_at) as recorded_at,
    1 as records_count
from accounts
full outer join ordering_accounts on accounts.account_key = ordering_accounts.account_key
left join checkout_addresses
    on coalesce(accounts.account_key, ordering_accounts.account_key) = checkout_addresses.account_key
-- A guest is known by their first order: the key must not carry the address itself.
union all
select
    'guest_order' as identity_type,
    order_key as identity_key,
    source,
    email,
    email_key,
    'guest_checkout' as email_rule,
    null as phone,
    null as phone_key,
    null as first_name,
    null as last_name,
    null as birth_date,
    null as loyalty_id,
    null as loyalty_key,
    null as country,
    null as registered_at,
    first_ordered_at as first_seen_at,
    last_ordered_at as last_seen_at,
    last_ordered_at as recorded_at,
    orders_count as records_count
from guests

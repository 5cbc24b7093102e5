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
        max_by(email_key, cast(ordered_at as varchar) || email_key) filter (where email_key is not null)
            as order_email_key
    from orders
    where account_key is not null
    group by account_key
),

known_accounts as (
    select
        coalesce(accounts.account_key, ordering_accounts.account_key) as identity_key,
        'account' as identity_type,
        coalesce(accounts.email_key, ordering_accounts.order_email_key) as email_key,
        least(accounts.registered_at, ordering_accounts.first_ordered_at) as first_seen_at
    from accounts
    full outer join ordering_accounts on accounts.account_key = ordering_accounts.account_key
),

-- A guest who left an e-mail is known by their first order: the key must not carry the address itself.
guest_orders as (
    select
        order_key as identity_key,
        'guest_order' as identity_type,
        email_key,
        ordered_at as first_seen_at
    from orders
    where account_key is null and email_key is not null
),

identities as (
    select * from known_accounts
    union all
    select * from guest_orders
),

elders as (
    select
        *,
        coalesce(email_key, identity_key) as person_key,
        row_number() over (
            partition by coalesce(email_key, identity_key)
            order by first_seen_at nulls last, identity_key, identity_type
        ) as seniority
    from identities
)

select
    identities.identity_key,
    identities.identity_type,
    identities.email_key,
    identities.first_seen_at,
    -- The type is in it because shops number accounts and orders alike: account 17 and guest order 17 are two people.
    {{ surrogate_key(["'customer'", 'elders.identity_type', 'elders.identity_key']) }} as customer_key
from elders as identities
inner join elders
    on
        identities.person_key = elders.person_key
        and elders.seniority = 1

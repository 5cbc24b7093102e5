-- What each customer is known by: their accounts, and every identifier seen with one of their records.
with

identities as (
    select * from {{ ref('int_customers__identities') }}
),

links as (
    select * from {{ ref('int_customers__links') }}
),

records as (
    select * from {{ ref('int_customers__records') }}
    where identity_type = 'account'
),

rules as (
    select * from {{ ref('identity_rules') }}
),

sightings as (
    select
        identities.customer_key,
        links.identifier_type,
        links.identifier_key,
        links.source,
        links.attached_by,
        links.first_seen_at,
        links.last_seen_at,
        links.status
    from links
    inner join identities
        on
            links.identity_type = identities.identity_type
            and links.identity_key = identities.identity_key
),

-- A row per customer and value; of several links the first says what attached it, of equals the shop's own record.
grouped as (
    select
        customer_key,
        identifier_type,
        identifier_key,
        source,
        min_by(
            attached_by,
            coalesce(cast(first_seen_at as varchar), '9')
            || case when attached_by = 'email_tool' then '2' else '1' end
            || attached_by
        ) as attached_by,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        -- One account may be detached from a value that others of the customer still hold: merges < unmerged.
        min(status) as status
    from sightings
    group by customer_key, identifier_type, identifier_key, source
),

shared_by_customers as (
    select
        grouped.identifier_type,
        grouped.identifier_key
    from grouped
    inner join rules on grouped.identifier_type = rules.identifier_type
    where not rules.merges and grouped.status = 'attaches'
    group by grouped.identifier_type, grouped.identifier_key
    having count(distinct grouped.customer_key) > min(rules.max_accounts)
)

select
    grouped.customer_key,
    grouped.identifier_type,
    grouped.identifier_key,
    grouped.source,
    grouped.attached_by,
    grouped.first_seen_at,
    grouped.last_seen_at,
    case when shared_by_customers.identifier_key is null then grouped.status else 'over_cap' end as status
from grouped
left join shared_by_customers
    on
        grouped.identifier_type = shared_by_customers.identifier_type
        and grouped.identifier_key = shared_by_customers.identifier_key
union all
select
    identities.customer_key,
    records.identity_type as identifier_type,
    records.identity_key as identifier_key,
    records.source,
    case when records.registered_at is null then 'order_of_account' else 'shop_account' end as attached_by,
    records.first_seen_at,
    records.last_seen_at,
    'merges' as status
from records
inner join identities
    on
        records.identity_type = identities.identity_type
        and records.identity_key = identities.identity_key

with

records as (
    select * from {{ ref('int_customers__records') }}
),

graph as (
    select * from {{ ref('int_customers__graph') }}
),

components as (
    select * from {{ ref('int_customers__components') }}
),

numbered as (
    select distinct
        identity_number,
        identity_type,
        identity_key,
        is_customer
    from graph
),

-- Who shares nothing with anybody is not in the graph, and their own elder.
elders as (
    select
        records.identity_key as own_key,
        records.identity_type as own_type,
        records.source,
        records.registered_at,
        records.first_seen_at,
        coalesce(elder.identity_type, records.identity_type) as identity_type,
        coalesce(elder.identity_key, records.identity_key) as identity_key
    from records
    left join numbered
        on
            records.identity_type = numbered.identity_type
            and records.identity_key = numbered.identity_key
    left join components on numbered.identity_number = components.node_number
    left join numbered as elder on components.elder_number = elder.identity_number and elder.is_customer
    -- A profile is nobody by itself: it belongs to the customer whose address or account it has.
    union all
    select
        numbered.identity_key as own_key,
        numbered.identity_type as own_type,
        null as source,
        null as registered_at,
        null as first_seen_at,
        elder.identity_type,
        elder.identity_key
    from numbered
    inner join components on numbered.identity_number = components.node_number
    inner join numbered as elder on components.elder_number = elder.identity_number and elder.is_customer
    where not numbered.is_customer
)

select
    elders.own_key as identity_key,
    elders.own_type as identity_type,
    elders.source,
    elders.registered_at,
    elders.first_seen_at,
    -- The type is in it because shops number accounts and orders alike: account 17 and guest order 17 are two people.
    {{ surrogate_key(["'customer'", 'elders.identity_type', 'elders.identity_key']) }} as customer_key
from elders

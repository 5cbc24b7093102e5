-- The links that can merge, with both ends numbered: the graph reaches Python as whole numbers and moments only.
with

links as (
    select * from {{ ref('int_customers__links') }}
    where status = 'merges'
),

records as (
    select * from {{ ref('int_customers__records') }}
),

rules as (
    select * from {{ ref('identity_rules') }}
),

-- What one record alone was seen with merges nobody. A profile is also a record: what else it has may be shared.
shared as (
    select
        identifier_type,
        identifier_key
    from links
    group by identifier_type, identifier_key
    having
        identifier_type = 'profile'
        or min(identity_key) < max(identity_key)
        -- Account 17 and guest order 17 have one key.
        or min(identity_type) < max(identity_type)
),

edges as (
    select links.*
    from links
    inner join shared
        on
            links.identifier_type = shared.identifier_type
            and links.identifier_key = shared.identifier_key
),

ends as (
    select
        identity_type,
        identity_key
    from edges
    union distinct
    select
        identifier_type as identity_type,
        identifier_key as identity_key
    from edges
),

-- Customers first, elder before younger: whoever has the smallest number in a component names it.
nodes as (
    select
        ends.identity_type,
        ends.identity_key,
        records.identity_key is not null as is_customer,
        row_number() over (
            order by
                case when records.identity_key is null then 1 else 0 end,
                records.first_seen_at nulls last,
                coalesce(rules.priority, 0),
                ends.identity_key,
                ends.identity_type
        ) - 1 as node_number
    from ends
    left join records
        on
            ends.identity_type = records.identity_type
            and ends.identity_key = records.identity_key
    left join rules on ends.identity_type = rules.identifier_type
)

select
    edges.*,
    identities.node_number as identity_number,
    identities.is_customer,
    identifiers.node_number as identifier_number
from edges
inner join nodes as identities
    on
        edges.identity_type = identities.identity_type
        and edges.identity_key = identities.identity_key
inner join nodes as identifiers
    on
        edges.identifier_type = identifiers.identity_type
        and edges.identifier_key = identifiers.identity_key

with

graph as (
    select * from {{ ref('int_customers__graph') }}
),

components as (
    select * from {{ ref('int_customers__components') }}
),

identities as (
    select * from {{ ref('int_customers__identities') }}
),

numbered as (
    select distinct
        identity_number,
        identity_type,
        identity_key
    from graph
    where is_customer
),

-- The link may have been seen by several sources; the first of them made the merge.
merging_links as (
    select
        identity_number,
        identifier_number,
        identity_type,
        identity_key,
        identifier_type,
        identifier_key,
        source,
        attached_by,
        first_seen_at,
        row_number() over (
            partition by identity_number, identifier_number
            order by
                first_seen_at nulls last,
                case when attached_by = 'email_tool' then 2 else 1 end,
                source,
                attached_by,
                identifier_key
        ) as precedence
    from graph
)

select
    identities.customer_key,
    {{ surrogate_key(["'customer'", 'survivors.identity_type', 'survivors.identity_key']) }} as surviving_customer_key,
    {{ surrogate_key(["'customer'", 'absorbed.identity_type', 'absorbed.identity_key']) }} as absorbed_customer_key,
    absorbed.identity_type as absorbed_type,
    merging_links.first_seen_at as merged_at,
    merging_links.identifier_type,
    merging_links.identifier_key,
    merging_links.source,
    merging_links.attached_by,
    merging_links.identity_type as record_type,
    merging_links.identity_key as record_key
from components
inner join numbered as absorbed on components.node_number = absorbed.identity_number
inner join numbered as survivors on components.survivor_number = survivors.identity_number
inner join merging_links
    on
        components.link_identity_number = merging_links.identity_number
        and components.link_identifier_number = merging_links.identifier_number
        and merging_links.precedence = 1
inner join identities
    on
        absorbed.identity_type = identities.identity_type
        and absorbed.identity_key = identities.identity_key

-- One row per thing another table may know a customer by: an account key, an e-mail key or a profile key.
with

identities as (
    select * from {{ ref('int_customers__identities') }}
),

links as (
    select * from {{ ref('int_customers__links') }}
    where status = 'merges' and identifier_type in ('email', 'profile')
),

own_keys as (
    select
        identity_key as lookup_key,
        identity_type as lookup_type,
        customer_key
    from identities
    where identity_type = 'account'
),

-- Everyone linked to a value that merges is one customer, so it does not matter whose link is taken.
shared_keys as (
    select
        links.identifier_key as lookup_key,
        links.identifier_type as lookup_type,
        min(identities.customer_key) as customer_key
    from links
    inner join identities
        on
            links.identity_type = identities.identity_type
            and links.identity_key = identities.identity_key
    group by links.identifier_key, links.identifier_type
)

select
    lookup_key,
    lookup_type,
    customer_key
from own_keys
union all
select
    lookup_key,
    lookup_type,
    customer_key
from shared_keys

with

golden as (
    select * from {{ ref('int_customers__golden') }}
)

select
    customer_key,
    country,
    country_source,
    country_seen_at,
    loyalty_id is not null as has_loyalty,
    {{ sha256("loyalty_id_source || '|' || loyalty_id") }} as loyalty_hash,
    loyalty_id_source as loyalty_source,
    loyalty_id_seen_at as loyalty_seen_at
from golden

{{ config(materialized='table') }}

with

{{ latest_records(
    source('shop', 'customers'),
    ['customer_id'],
    where='registered_at < ' ~ as_of() ~ ' or registered_at is null'
) }}

select
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    _source as source,
    customer_id,
    lower(trim(email)) as email,
    {{ sha256('lower(trim(email))') }} as email_key,
    phone,
    {{ e164('phone', 'country') }} as phone_e164,
    {{ sha256('phone_e164') }} as phone_key,
    first_name,
    last_name,
    loyalty_id,
    {{ surrogate_key(['_source', 'loyalty_id']) }} as loyalty_key,
    country,
    birth_date,
    registered_at,
    updated_at
from latest

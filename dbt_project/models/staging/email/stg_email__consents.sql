with

source as (
    select * from {{ source('email', 'consents') }}
    where changed_at < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, consent_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'consent_id']) }} as consent_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    {{ surrogate_key(['_source', 'profile_id']) }} as profile_key,
    _source as source,
    {{ sha256('lower(trim(email))') }} as email_key,
    channel,
    coalesce(purpose, 'marketing') as purpose,
    status,
    changed_at
from ranked
where recency = 1

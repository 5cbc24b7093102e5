with

source as (
    select * from {{ source('email', 'email_events') }}
    where event_at < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, event_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'event_id']) }} as email_event_key,
    {{ surrogate_key(['_source', 'campaign_id']) }} as campaign_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    {{ surrogate_key(['_source', 'profile_id']) }} as profile_key,
    _source as source,
    {{ sha256('lower(trim(email))') }} as email_key,
    campaign_id,
    event_type,
    event_at,
    {{ local_date('event_at') }} as event_date
from ranked
where recency = 1

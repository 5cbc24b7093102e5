with

{{ latest_records(source('email', 'email_events'), ['event_id'], where='event_at < ' ~ as_of()) }}

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
from latest

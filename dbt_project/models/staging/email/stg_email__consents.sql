with

{{ latest_records(source('email', 'consents'), ['consent_id'], where='changed_at < ' ~ as_of()) }}

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
from latest

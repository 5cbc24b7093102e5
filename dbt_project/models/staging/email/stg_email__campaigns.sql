with

{{ latest_records(source('email', 'email_campaigns'), ['campaign_id']) }}

select
    {{ surrogate_key(['_source', 'campaign_id']) }} as campaign_key,
    _source as source,
    campaign_id,
    name as campaign_name,
    campaign_type,
    started_at,
    ended_at
from latest

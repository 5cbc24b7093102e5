with

{{ latest_records(source('email', 'campaign_hold_outs'), ['hold_out_id'], where='held_out_at < ' ~ as_of()) }}

select
    {{ surrogate_key(['_source', 'hold_out_id']) }} as hold_out_key,
    {{ surrogate_key(['_source', 'campaign_id']) }} as campaign_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    _source as source,
    {{ sha256('lower(trim(email))') }} as email_key,
    campaign_id,
    held_out_at
from latest

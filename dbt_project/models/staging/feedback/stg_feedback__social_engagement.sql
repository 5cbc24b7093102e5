with

{{ latest_records(
    source('feedback', 'social_engagement'), ['date', 'platform', 'account_id'], where='date < ' ~ as_of()
) }}

select
    {{ surrogate_key(['_source', 'date', 'platform', 'account_id']) }} as social_engagement_key,
    {{ surrogate_key(['_source', 'platform', 'account_id']) }} as social_account_key,
    _source as source,
    date,
    platform,
    followers,
    reactions,
    comments,
    shares,
    likes
from latest

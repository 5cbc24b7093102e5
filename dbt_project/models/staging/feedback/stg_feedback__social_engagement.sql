with

source as (
    select * from {{ source('feedback', 'social_engagement') }}
    where date < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, date, platform, account_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

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
from ranked
where recency = 1

with

source as (
    select * from {{ source('email', 'email_campaigns') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, campaign_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'campaign_id']) }} as campaign_key,
    _source as source,
    campaign_id,
    name as campaign_name,
    campaign_type,
    started_at,
    ended_at
from ranked
where recency = 1

with

source as (
    select * from {{ source('email', 'campaign_hold_outs') }}
    where held_out_at < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, hold_out_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'hold_out_id']) }} as hold_out_key,
    {{ surrogate_key(['_source', 'campaign_id']) }} as campaign_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    _source as source,
    {{ sha256('lower(trim(email))') }} as email_key,
    campaign_id,
    held_out_at
from ranked
where recency = 1

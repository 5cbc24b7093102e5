with

source as (
    select * from {{ source('feedback', 'store_credits') }}
    where granted_at < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, credit_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'credit_id']) }} as credit_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    _source as source,
    amount,
    currency,
    granted_at,
    {{ local_date('granted_at') }} as granted_date,
    expires_at,
    used_at
from ranked
where recency = 1

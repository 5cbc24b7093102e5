with

source as (
    select * from {{ source('feedback', 'referrals') }}
    where referred_at < {{ as_of() }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by _source, referral_id
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from source
)

select
    {{ surrogate_key(['_source', 'referral_id']) }} as referral_key,
    {{ surrogate_key(['_source', 'referrer_customer_id']) }} as referrer_account_key,
    {{ surrogate_key(['_source', 'referred_customer_id']) }} as referred_account_key,
    _source as source,
    referred_at
from ranked
where recency = 1

with

{{ latest_records(source('feedback', 'referrals'), ['referral_id'], where='referred_at < ' ~ as_of()) }}

select
    {{ surrogate_key(['_source', 'referral_id']) }} as referral_key,
    {{ surrogate_key(['_source', 'referrer_customer_id']) }} as referrer_account_key,
    {{ surrogate_key(['_source', 'referred_customer_id']) }} as referred_account_key,
    _source as source,
    referred_at
from latest

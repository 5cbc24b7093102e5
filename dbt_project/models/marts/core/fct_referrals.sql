with

referrals as (
    select * from {{ ref('int_referrals__identified') }}
)

select
    referral_key,
    referrer_customer_key,
    referred_customer_key,
    source,
    referred_at
from referrals

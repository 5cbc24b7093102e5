with

referrals as (
    select * from {{ ref('stg_feedback__referrals') }}
),

customer_keys as (
    select * from {{ ref('int_customers__keys') }}
)

select
    referrals.referral_key,
    referrals.source,
    referrers.customer_key as referrer_customer_key,
    referred.customer_key as referred_customer_key,
    referrals.referred_at
from referrals
left join customer_keys as referrers
    on referrals.referrer_account_key = referrers.lookup_key and referrers.lookup_type = 'account'
left join customer_keys as referred
    on referrals.referred_account_key = referred.lookup_key and referred.lookup_type = 'account'

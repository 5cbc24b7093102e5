with

eligibility as (
    select * from {{ ref('int_campaigns__eligibility') }}
)

select
    customer_key,
    stage,
    discount_policy,
    would_buy_without,
    bare_offer_failed_at,
    is_discount_allowed,
    max_offer_level,
    forbidden_reason
from eligibility

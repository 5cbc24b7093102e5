-- Who may be offered a discount. Whoever would buy without one, or was not yet written to without one, may not.
with

customers as (
    select * from {{ ref('int_campaigns__customers') }}
),

stays as (
    select * from {{ ref('int_campaigns__stays') }}
    where is_current
),

messages as (
    select * from {{ ref('int_campaigns__messages') }}
    -- What never reached the customer they cannot have left unanswered.
    where not is_held_out
),

offers as (
    select * from {{ ref('offer_ladder') }}
),

policies as (
    select * from {{ ref('offer_policies') }}
),

parameters as (
    select max(value) as rhythm_min_orders
    from {{ ref('trigger_parameters') }}
    where parameter = 'rhythm_min_orders'
),

ladder as (
    select max(level) filter (where kind = 'perk') as highest_free_level
    from offers
),

-- Of several models with a policy for the customer the strictest counts.
ranked_policies as (
    select
        stays.customer_key,
        stays.stage,
        policies.policy,
        policies.max_level,
        row_number() over (
            partition by stays.customer_key
            order by policies.max_level, policies.model_id
        ) as strictness
    from stays
    inner join policies on stays.model_id = policies.model_id and stays.stage = policies.stage
),

-- A message without a discount since the last order, which was given its days and brought none.
failed_bare_offers as (
    select
        messages.customer_key,
        max({{ plus_days('messages.sent_at', 'messages.failed_after_days') }}) as failed_at
    from messages
    inner join customers on messages.customer_key = customers.customer_key
    left join offers on messages.offer_id = offers.offer_id
    where
        coalesce(offers.kind, 'perk') = 'perk'
        and (customers.last_order_at is null or messages.sent_at > customers.last_order_at)
        and {{ plus_days('messages.sent_at', 'messages.failed_after_days') }} <= {{ as_of() }}
    group by messages.customer_key
),

judged as (
    select
        customers.customer_key,
        ruled.stage,
        ruled.policy,
        coalesce(ruled.max_level, ladder.highest_free_level) as policy_max_level,
        ladder.highest_free_level,
        failed_bare_offers.failed_at as bare_offer_failed_at,
        coalesce(
            customers.orders_count >= parameters.rhythm_min_orders
            and {{ plus_days('customers.last_order_at', 'ceil(customers.mean_gap_days)') }} > {{ as_of() }},
            false
        ) as would_buy_without
    from customers
    cross join parameters
    cross join ladder
    left join ranked_policies as ruled
        on customers.customer_key = ruled.customer_key and ruled.strictness = 1
    left join failed_bare_offers on customers.customer_key = failed_bare_offers.customer_key
),

reasoned as (
    select
        *,
        case
            when policy is null then 'no policy for the customer''s stage'
            when policy_max_level <= highest_free_level then 'policy of ' || stage || ': ' || policy
            when would_buy_without then 'within their own rhythm: would buy without'
            when bare_offer_failed_at is null then 'no offer without a discount has failed since the last order'
        end as forbidden_reason
    from judged
)

select
    customer_key,
    stage,
    policy as discount_policy,
    would_buy_without,
    bare_offer_failed_at,
    forbidden_reason is null as is_discount_allowed,
    cast(
        case when forbidden_reason is null then policy_max_level else highest_free_level end as integer
    ) as max_offer_level,
    forbidden_reason
from reasoned

-- What each due trigger would offer the customer, and the arm of the experiment they are in.
with

candidates as (
    select * from {{ ref('int_campaigns__candidates') }}
),

playbook as (
    select * from {{ ref('campaign_playbook') }}
),

offers as (
    select * from {{ ref('offer_ladder') }}
),

eligibility as (
    select * from {{ ref('int_campaigns__eligibility') }}
),

parameters as (
    select
        max(value) filter (where parameter = 'hold_out_salt') as salt,
        max(value) filter (where parameter = 'global_hold_out_share') as global_share
    from {{ ref('trigger_parameters') }}
),

drawn as (
    select
        candidates.*,
        parameters.global_share,
        {{ hold_out_draw('parameters.salt', ['candidates.trigger_id', 'candidates.customer_key']) }} as trigger_draw,
        {{ hold_out_draw('parameters.salt', ['candidates.customer_key']) }} as global_draw
    from candidates
    cross join parameters
)

select
    {{ surrogate_key(['drawn.trigger_id', 'drawn.customer_key', 'drawn.item', 'drawn.occasion_at']) }} as trigger_key,
    drawn.customer_key,
    drawn.trigger_id,
    drawn.due_from,
    drawn.due_until,
    playbook.conversion_window_days,
    playbook.action,
    playbook.message,
    playbook.priority,
    playbook.cap_messages,
    playbook.cap_days,
    offers.offer_id,
    coalesce(offers.level, 0) as offer_level,
    coalesce(offers.expected_cost, 0) as offer_cost,
    offers.valid_days as offer_valid_days,
    case when offers.offer_id is null then playbook.offer_id end as withheld_offer_id,
    coalesce(playbook.needs_offer, false) and offers.offer_id is null as lacks_its_offer,
    -- Rows that are no experiment, as a call after a complaint, are not held out for another's sake either.
    case
        when playbook.hold_out_share > 0 and drawn.global_draw < drawn.global_share then 'hold_out'
        when drawn.trigger_draw < playbook.hold_out_share then 'hold_out'
        else 'treatment'
    end as arm,
    playbook.hold_out_share > 0 and drawn.global_draw < drawn.global_share as is_held_out_globally,
    playbook.name || ': ' || playbook.occasion || ' on ' || cast({{ local_date('drawn.occasion_at') }} as varchar)
    || case when playbook.stage is null then '' else ', ' || playbook.model_id || ' ' || playbook.stage end
    || ', orders: ' || cast(drawn.orders_count as varchar)
    || case
        when offers.offer_id is null and playbook.offer_id is not null
            then
                '; ' || playbook.offer_id || ' withheld: '
                || coalesce(eligibility.forbidden_reason, 'above the policy of ' || eligibility.stage)
        else ''
    end as reason
from drawn
inner join playbook on drawn.trigger_id = playbook.trigger_id
inner join eligibility on drawn.customer_key = eligibility.customer_key
-- Above what the customer may be offered the message goes bare.
left join offers on playbook.offer_id = offers.offer_id and eligibility.max_offer_level >= offers.level

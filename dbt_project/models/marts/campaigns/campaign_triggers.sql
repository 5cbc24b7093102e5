-- What is due as of the run; one message per customer: the first by priority that nothing stands against.
with

offered as (
    select * from {{ ref('int_campaigns__offered') }}
),

messages as (
    select * from {{ ref('int_campaigns__messages') }}
),

consents as (
    select * from {{ ref('customer_consents') }}
    where is_granted
),

parameters as (
    select max(value) as offer_budget
    from {{ ref('trigger_parameters') }}
    where parameter = 'offer_budget'
),

sent as (
    select
        offered.trigger_key,
        count(*) filter (where {{ plus_days('messages.sent_at', 'offered.cap_days') }} > {{ as_of() }}) as recent,
        count(*) filter (
            where
            messages.trigger_id = offered.trigger_id
            and messages.offer_id is not distinct from offered.offer_id
            and messages.sent_at >= offered.due_from
        ) as of_this_trigger
    from offered
    inner join messages on offered.customer_key = messages.customer_key
    group by offered.trigger_key
),

weighed as (
    select
        offered.*,
        case
            when sent.of_this_trigger > 0 then 'already sent'
            when offered.lacks_its_offer then 'says nothing without ' || offered.withheld_offer_id
            when offered.action = 'manager_task' then null
            when consents.customer_key is null then 'no consent for ' || offered.action
            when sent.recent >= offered.cap_messages
                then
                    'frequency cap: ' || cast(sent.recent as varchar) || ' messages in '
                    || cast(offered.cap_days as varchar) || ' days'
        end as blocked_because
    from offered
    left join sent on offered.trigger_key = sent.trigger_key
    left join consents
        on
            offered.customer_key = consents.customer_key
            and case when offered.action = 'ads_audience' then 'ads' else offered.action end = consents.channel
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_key
            order by case when blocked_because is null then 0 else 1 end, priority
        ) as position
    from weighed
),

chosen as (
    select
        *,
        blocked_because is null and position = 1 as is_first,
        max(case when position = 1 then trigger_id end) over (partition by customer_key) as first_trigger_id,
        sum(case when blocked_because is null and position = 1 and arm = 'treatment' then offer_cost else 0 end) over (
            order by priority, trigger_key
            rows between unbounded preceding and current row
        ) as cost_so_far
    from ranked
),

afforded as (
    select
        chosen.*,
        chosen.is_first and (chosen.offer_cost = 0 or chosen.cost_so_far <= parameters.offer_budget) as is_selected
    from chosen
    cross join parameters
)

select
    trigger_key,
    customer_key,
    trigger_id,
    due_from,
    due_until,
    {{ plus_days(as_of(), 'conversion_window_days') }} as conversion_window_end,
    action,
    message,
    offer_id,
    offer_level,
    cast(case when offer_id is not null then offer_cost end as decimal(18, 4)) as offer_cost,
    '{{ var("reporting_currency") }}' as currency,
    {{ plus_days(as_of(), 'offer_valid_days') }} as offer_expires_at,
    withheld_offer_id,
    arm,
    is_held_out_globally,
    priority,
    cast(position as integer) as message_rank,
    is_selected,
    case
        when is_selected then null
        when blocked_because is not null then blocked_because
        when not is_first then 'another message first: ' || first_trigger_id
        else 'the budget for offers is spent'
    end as why_not,
    reason
from afforded

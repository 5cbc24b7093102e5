-- E-mails a customer was sent lately, or as a message of the playbook at any time; with the offer that went along.
-- What was kept from a hold-out takes its place like a message, or they would wait for it while the treated go on to
-- the next one, and a message would be compared with silence.
with

email_events as (
    select * from {{ ref('int_email_events__identified') }}
),

hold_outs as (
    select * from {{ ref('int_campaigns__hold_outs') }}
),

campaigns as (
    select * from {{ ref('int_campaigns__mapped') }}
),

playbook as (
    select * from {{ ref('campaign_playbook') }}
),

caps as (
    select max(cap_days) as cap_days
    from playbook
),

messages as (
    select
        email_event_key as message_key,
        customer_key,
        source,
        campaign_id,
        event_at as sent_at,
        false as is_held_out
    from email_events
    where event_type = 'sent' and customer_key is not null
    union all
    select
        hold_out_key as message_key,
        customer_key,
        source,
        campaign_id,
        held_out_at as sent_at,
        true as is_held_out
    from hold_outs
)

select
    messages.message_key,
    messages.customer_key,
    messages.sent_at,
    messages.is_held_out,
    playbook.trigger_id,
    campaigns.offer_id,
    coalesce(playbook.failed_after_days, playbook.conversion_window_days) as failed_after_days
from messages
cross join caps
left join campaigns on messages.source = campaigns.source and messages.campaign_id = campaigns.campaign_id
left join playbook on campaigns.trigger_id = playbook.trigger_id
where playbook.trigger_id is not null or {{ plus_days('messages.sent_at', 'caps.cap_days') }} > {{ as_of() }}

-- E-mails a customer was sent lately, or as a message of the playbook at any time; with the offer that went along.
with

email_events as (
    select * from {{ ref('int_email_events__identified') }}
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
)

select
    email_events.email_event_key,
    email_events.customer_key,
    email_events.event_at as sent_at,
    playbook.trigger_id,
    campaigns.offer_id,
    coalesce(playbook.failed_after_days, playbook.conversion_window_days) as failed_after_days
from email_events
cross join caps
left join campaigns on email_events.source = campaigns.source and email_events.campaign_id = campaigns.campaign_id
left join playbook on campaigns.trigger_id = playbook.trigger_id
where
    email_events.event_type = 'sent'
    and email_events.customer_key is not null
    and (playbook.trigger_id is not null or {{ plus_days('email_events.event_at', 'caps.cap_days') }} > {{ as_of() }})

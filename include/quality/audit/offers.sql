-- What the queue is about to send, against the offer ladder: from the queue, the history and the seeds themselves,
-- without the models that made it.
create or replace table audit.offers as
with

money as (
    select * from seeds.offer_ladder where kind <> 'perk'
),

queue as (
    select * from marts.campaign_triggers where is_selected and arm = 'treatment'
),

offered_money as (
    select queue.*, money.level, money.value_percent
    from queue
    inner join money using (offer_id)
),

campaigns as (
    select distinct source, campaign_id, campaign_name from marts.fct_email_events where event_type = 'sent'
),

-- What each campaign carries: the first row of the map that fits its id or its name.
first_fits as (
    select campaigns.source, campaigns.campaign_id, min(mapped.priority) as priority
    from campaigns
    inner join seeds.campaign_map as mapped
        on lower(campaigns.campaign_id) like mapped.campaign_like or lower(campaigns.campaign_name) like mapped.campaign_like
    group by all
),

-- The last message without money since the last order whose days are over without an order.
bare_offers as (
    select distinct events.customer_key
    from marts.fct_email_events as events
    inner join first_fits using (source, campaign_id)
    inner join seeds.campaign_map as messages using (priority)
    inner join seeds.campaign_playbook as playbook on messages.trigger_id = playbook.trigger_id
    inner join marts.dim_customers as customers using (customer_key)
    where
        events.event_type = 'sent'
        and (messages.offer_id is null or messages.offer_id not in (select offer_id from money))
        and (customers.last_order_at is null or events.event_at > customers.last_order_at)
        and events.event_at
        + to_days(cast(coalesce(playbook.failed_after_days, playbook.conversion_window_days) as integer)) <= $as_of
),

steps as (
    select distinct playbook.model_id, playbook.stage, playbook.due_from_days, offered_money.value_percent
    from offered_money
    inner join seeds.campaign_playbook as playbook using (trigger_id)
    where playbook.occasion = 'last_order' and playbook.stage = 'lapsed'
)

select
    (select count(*) from queue) as messages,
    (select count(*) - count(distinct customer_key) from queue) as repeated,
    (
        select count(*) from queue
        left join seeds.offer_ladder as offers using (offer_id)
        left join seeds.campaign_playbook as playbook using (trigger_id)
        where queue.offer_id is not null and (offers.offer_id is null or playbook.offer_id is distinct from queue.offer_id)
    ) as not_in_playbook,
    (
        select count(*) from queue
        where offer_id is not null and (offer_expires_at is null or offer_expires_at <= $as_of)
    ) as without_expiry,
    (
        select count(distinct offered_money.trigger_key)
        from offered_money
        inner join marts.customer_stage_history as history using (customer_key)
        inner join seeds.offer_policies as policies
            on history.model_id = policies.model_id and history.stage = policies.stage
        where
            history.valid_from <= $as_of and (history.valid_to > $as_of or history.valid_to is null)
            and offered_money.level > policies.max_level
    ) as against_policy,
    (select count(*) from offered_money anti join bare_offers using (customer_key)) as before_bare_offer,
    (
        select count(*) from steps
        inner join steps as later using (model_id, stage)
        where steps.due_from_days < later.due_from_days and steps.value_percent >= later.value_percent
    ) as not_escalating,
    cast((
        select coalesce(sum(offers.expected_cost), 0) from queue inner join seeds.offer_ladder as offers using (offer_id)
    ) as double) as cost,
    cast((select max(value) from seeds.trigger_parameters where parameter = 'offer_budget') as double) as budget

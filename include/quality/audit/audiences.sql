-- What is about to leave the house: who is in it without consent to its channel, held out, without being a customer, or
-- twice. A task reaches the shop's own people and needs no consent; neither does an audience of no channel, which goes
-- nowhere. Who is held out leaves the lists by their suppression; an event cannot be taken back. A call that is no
-- experiment, as after a complaint, is made to everybody.
create or replace table audit.audiences as
select
    '{audience}' as audience,
    count(*) as members,
    count(*) - count(distinct audience.customer_key) as repeated,
    count(*) filter (where customers.customer_key is null) as unknown_customers,
    count(*) filter (
        where '{channel}' not in ('manager_task', '') and consents.is_granted is distinct from true
    ) as without_consent,
    count(*) filter (
        where '{mode}' = 'events' and customers.is_held_out
        and not ('{channel}' = 'manager_task' and calls.customer_key is not null)
    ) as held_out
from publish.{table} as audience
left join marts.dim_customers as customers using (customer_key)
left join marts.customer_consents as consents
    on audience.customer_key = consents.customer_key and consents.channel = '{channel}'
left join (
    select distinct queue.customer_key
    from marts.campaign_triggers as queue
    inner join seeds.campaign_playbook as playbook using (trigger_id)
    where queue.is_selected and playbook.action = 'manager_task' and playbook.hold_out_share = 0
) as calls
    on audience.customer_key = calls.customer_key

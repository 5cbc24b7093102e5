-- The queue of the build: what is due, to whom it goes, and why the others are left out.
select
    triggers.trigger_id,
    playbook.name as trigger,
    playbook.action,
    count(*) as due,
    count(*) filter (where triggers.is_selected and triggers.arm = 'treatment') as to_send,
    count(*) filter (where triggers.is_selected and triggers.arm <> 'treatment') as held_out,
    count(*) filter (where not triggers.is_selected) as not_now,
    sum(triggers.offer_cost) filter (where triggers.is_selected and triggers.arm = 'treatment') as offer_cost
from marts.campaign_triggers as triggers
left join seeds.campaign_playbook as playbook using (trigger_id)
group by triggers.trigger_id, playbook.name, playbook.action
order by due desc, triggers.trigger_id

-- Whoever has been away for longer is offered strictly more: of the rows for the lapsed each later one offers more.
with

steps as (
    select
        playbook.trigger_id,
        playbook.model_id,
        playbook.due_from_days,
        offers.level,
        offers.value_percent
    from {{ ref('campaign_playbook') }} as playbook
    left join {{ ref('offer_ladder') }} as offers on playbook.offer_id = offers.offer_id and offers.kind <> 'perk'
    where playbook.occasion = 'last_order' and playbook.stage = 'lapsed' and playbook.is_active
)

select
    steps.trigger_id,
    later.trigger_id as later_trigger_id
from steps
left join steps as later on steps.model_id = later.model_id and steps.due_from_days < later.due_from_days
where
    steps.level is null
    or steps.level >= later.level
    or steps.value_percent >= later.value_percent

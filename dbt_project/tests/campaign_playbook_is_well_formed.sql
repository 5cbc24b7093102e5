-- A row that can never be due, or counts on a stage that no rule leads to, would be silent for ever.
with

playbook as (
    select * from {{ ref('campaign_playbook') }}
),

stages as (
    select distinct
        model_id,
        stage
    from {{ ref('stage_rules') }}
)

select playbook.*
from playbook
left join stages on playbook.model_id = stages.model_id and playbook.stage = stages.stage
where
    playbook.due_from_days >= playbook.due_until_days
    or playbook.conversion_window_days < 1
    or playbook.failed_after_days < 1
    or playbook.failed_after_days > playbook.conversion_window_days
    or playbook.hold_out_share < 0
    or playbook.hold_out_share >= 1
    or playbook.cap_messages < 1
    or playbook.cap_days < 1
    or (playbook.needs_offer and playbook.offer_id is null)
    or playbook.min_orders > playbook.max_orders
    or playbook.min_value > playbook.max_value
    or (playbook.model_id is null) <> (playbook.stage is null)
    or (playbook.stage is not null and stages.stage is null)
    or (playbook.basis in ('stage_entered', 'stage_stayed')) <> (playbook.occasion = 'stage_entered')
    or (playbook.basis = 'stage_left') <> (playbook.occasion = 'stage_left')
    or (playbook.occasion in ('stage_entered', 'stage_left') and playbook.stage is null)
    -- Something not done takes time, or a name.
    or (playbook.basis = 'inaction' and playbook.unless_event is null and playbook.due_from_days <= 0)

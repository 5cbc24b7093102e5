-- Whom a manager is to call now. As in the queue no consent is asked: a task reaches the shop's own people. A call that
-- is an experiment passes over the hold-outs, one that is none (after a complaint) is made to everybody.
with

triggers as (
    select * from {{ ref('campaign_triggers') }}
    where is_selected and arm = 'treatment' and action = 'manager_task'
)

select
    customer_key,
    trigger_key,
    trigger_id,
    message,
    offer_id,
    offer_expires_at,
    due_from,
    due_until,
    priority,
    reason
from triggers

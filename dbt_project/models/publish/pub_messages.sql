-- The e-mail that is due to each customer now. Consent and the global hold-out are applied here once more, last.
with

triggers as (
    select * from {{ ref('campaign_triggers') }}
    where is_selected and arm = 'treatment' and action = 'email'
),

consents as (
    select * from {{ ref('customer_consents') }}
    where channel = 'email' and is_granted
),

-- The queue lets a row that is no experiment pass, but the global hold-out closes e-mail altogether.
customers as (
    select * from {{ ref('dim_customers') }}
    where not is_held_out
)

select
    triggers.customer_key,
    triggers.trigger_key,
    triggers.trigger_id,
    triggers.message,
    triggers.offer_id,
    triggers.offer_expires_at,
    triggers.due_from,
    triggers.due_until,
    triggers.priority,
    triggers.reason
from triggers
inner join consents on triggers.customer_key = consents.customer_key
inner join customers on triggers.customer_key = customers.customer_key

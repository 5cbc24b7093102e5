-- A campaign that carries another offer than its row of the playbook could not be told from a message without one.
select
    messages.campaign_id,
    messages.offer_id,
    playbook.offer_id as playbook_offer_id
from {{ ref('campaign_messages') }} as messages
inner join {{ ref('campaign_playbook') }} as playbook on messages.trigger_id = playbook.trigger_id
where messages.offer_id is not null and (messages.offer_id is distinct from playbook.offer_id)

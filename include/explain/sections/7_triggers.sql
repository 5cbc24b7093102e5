-- What is due to be said; who is in a hold-out is not told
select trigger_id, due_from, due_until, offer_id, withheld_offer_id, arm, is_held_out_globally, is_selected, why_not, reason
from marts.campaign_triggers
where customer_key = $customer
order by is_selected desc, message_rank, priority

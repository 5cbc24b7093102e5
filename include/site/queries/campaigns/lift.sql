select
    trigger_id,
    orders_lift,
    orders_lift_low,
    orders_lift_high,
    verdict
from marts.campaign_lift
where campaign_id = 'all' and stage = 'all' and orders_lift is not null
order by orders_lift desc, trigger_id
limit 40

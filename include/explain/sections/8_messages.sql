-- Messages of the past, and what was bought after
select exposed_at, campaign_id, trigger_id, arm, stage, converted_at, orders_count, net_revenue
from marts.campaign_conversions
where customer_key = $customer
order by exposed_at

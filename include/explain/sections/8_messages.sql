-- Messages of the past, and what was bought after
with sent as (
    select source, campaign_id, any_value(campaign_name) as campaign_name, event_at
    from marts.fct_email_events
    where customer_key = $customer and event_type = 'sent'
    group by source, campaign_id, event_at
),

opened as (
    select source, campaign_id, max(event_at) as opened_at
    from marts.fct_email_events
    where customer_key = $customer and event_type = 'opened'
    group by source, campaign_id
),

bought as (
    select * from marts.campaign_conversions where customer_key = $customer
)

select
    coalesce(sent.event_at, bought.exposed_at) as exposed_at,
    coalesce(sent.campaign_name, bought.campaign_id) as campaign,
    coalesce(bought.arm, 'sent') as arm,
    if(opened.opened_at >= sent.event_at, opened.opened_at, null) as opened_at,
    bought.converted_at as bought_at,
    bought.orders_count,
    bought.net_revenue
from sent
left join opened using (source, campaign_id)
full join bought
    on sent.source = bought.source and sent.campaign_id = bought.campaign_id and sent.event_at = bought.exposed_at
order by exposed_at, campaign

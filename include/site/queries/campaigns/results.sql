select
    trigger_id,
    verdict,
    treated_exposures as sent,
    treated_conversions as converted,
    treated_conversion_rate as conversion_rate,
    hold_out_exposures as held_back,
    hold_out_conversion_rate,
    incremental_orders,
    incremental_net_revenue,
    treated_discount_amount as discounts,
    discount_cost,
    incremental_return
from marts.campaign_lift
where campaign_id = 'all' and stage = 'all'
order by sent desc, trigger_id

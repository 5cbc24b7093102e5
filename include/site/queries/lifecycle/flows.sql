select
    model_id,
    cast(period_days as varchar) as period_days,
    from_node,
    to_node,
    customers,
    is_back
from marts.stage_flow_links
order by model_id, marts.stage_flow_links.period_days, link_order

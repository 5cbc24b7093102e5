select
    trigger_id,
    hold_out_share,
    planned_hold_out_share,
    treated_customers,
    hold_out_customers,
    sample_ratio_p_value,
    is_sample_ratio_broken
from marts.campaign_lift
where campaign_id = 'all' and stage = 'all' and (hold_out_customers > 0 or planned_hold_out_share is not null)
order by is_sample_ratio_broken desc, treated_customers + hold_out_customers desc, trigger_id

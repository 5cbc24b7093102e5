-- A window in two places would be two windows; an offer that is not the trigger's could not be told from none.
with

mapped as (
    select
        campaign_map.*,
        playbook.trigger_id is not null as is_of_playbook,
        playbook.offer_id as playbook_offer_id
    from {{ ref('campaign_map') }} as campaign_map
    left join {{ ref('campaign_playbook') }} as playbook on campaign_map.trigger_id = playbook.trigger_id
)

select
    campaign_like,
    'the playbook has the window and the share of its triggers' as problem
from mapped
where is_of_playbook and (conversion_window_days is not null or hold_out_share is not null)
union all
select
    campaign_like,
    'neither the playbook nor the row has a window' as problem
from mapped
where not is_of_playbook and conversion_window_days is null
union all
select
    campaign_like,
    'another offer than the playbook has for the trigger' as problem
from mapped
where offer_id is not null and (offer_id is distinct from playbook_offer_id)

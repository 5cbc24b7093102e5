select
    why_not,
    count(*) as customers
from marts.campaign_triggers
where not is_selected
group by why_not
order by customers desc, why_not
limit 20

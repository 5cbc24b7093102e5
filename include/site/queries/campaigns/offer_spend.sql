select
    coalesce(triggers.offer_id, 'no offer') as offer,
    ladder.kind,
    ladder.level,
    count(*) as messages,
    sum(triggers.offer_cost) as offer_cost
from marts.campaign_triggers as triggers
left join seeds.offer_ladder as ladder using (offer_id)
where triggers.is_selected and triggers.arm = 'treatment'
group by offer, ladder.kind, ladder.level
order by offer_cost desc nulls last, messages desc, offer

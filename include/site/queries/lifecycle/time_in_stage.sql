select
    velocity.model_id,
    velocity.stage,
    velocity.median_days,
    velocity.p90_days,
    velocity.completed_stays,
    velocity.open_stays
from marts.stage_velocity as velocity
inner join seeds.stages as stages using (model_id, stage)
order by velocity.model_id, stages.stage_order

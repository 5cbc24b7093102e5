select
    models.model_id,
    models.name,
    models.description,
    count(stages.stage) as stages
from seeds.stage_models as models
left join seeds.stages as stages using (model_id)
group by all
order by max(models.is_default) desc, models.model_id

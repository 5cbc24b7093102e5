select
    kpis.model_id,
    kpis.stage,
    replace(kpis.metric, '_', ' ') as metric,
    kpis.month,
    kpis.unit,
    kpis.value,
    kpis.value_month_before,
    kpis.value_year_before,
    kpis.goal,
    kpis.benchmark,
    kpis.status
from marts.stage_kpis as kpis
inner join seeds.stages as stages using (model_id, stage)
order by kpis.model_id, stages.stage_order, kpis.metric

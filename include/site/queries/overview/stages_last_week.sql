with last_days as (
    select max(date) as last_day from marts.stage_daily
)

select
    stages.stage,
    max(daily.customers) filter (where daily.date = last_days.last_day) as customers,
    max(daily.customers) filter (where daily.date = last_days.last_day - 7) as week_before,
    coalesce(sum(daily.entries) filter (where daily.date > last_days.last_day - 7), 0) as entries,
    coalesce(sum(daily.exits) filter (where daily.date > last_days.last_day - 7), 0) as exits
from marts.stage_daily as daily
cross join last_days
inner join seeds.stages as stages using (model_id, stage)
inner join seeds.stage_models as models using (model_id)
where models.is_default and daily.date >= last_days.last_day - 7
group by stages.stage, stages.stage_order
order by stages.stage_order

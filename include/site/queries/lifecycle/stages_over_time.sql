-- One day in seven of the last two years, counted back from the last one.
with last_days as (
    select max(date) as last_day from marts.stage_daily
)

select
    daily.model_id,
    daily.stage,
    daily.date,
    daily.customers
from marts.stage_daily as daily
cross join last_days
inner join seeds.stages as stages using (model_id, stage)
where
    (last_days.last_day - daily.date) % 7 = 0
    and daily.date > last_days.last_day - 728
order by daily.model_id, stages.stage_order, daily.date

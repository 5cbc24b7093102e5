-- The seven days of the shop after the last one that is over.
with last_days as (
    select max(date) as last_day from marts.stage_daily
)

select
    forecast.model_id,
    forecast.from_stage || ' → ' || forecast.to_stage as move,
    sum(forecast.customers) as customers
from marts.stage_forecast as forecast
cross join last_days
where forecast.date <= last_days.last_day + 7
group by forecast.model_id, forecast.from_stage, forecast.to_stage
order by forecast.model_id, customers desc, move

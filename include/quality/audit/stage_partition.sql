-- Per stage model: every customer of whom anything dated is known stands in exactly one stage, at as_of and always.
create or replace table audit.stage_partition as
with

current_stages as (
    select customer_key, model_id, count(*) as stages
    from marts.customer_stage_history
    where valid_from <= $as_of and (valid_to > $as_of or valid_to is null)
    group by customer_key, model_id
),

neighbours as (
    select
        model_id,
        valid_to,
        lead(valid_from) over (partition by customer_key, model_id order by valid_from) as next_valid_from
    from marts.customer_stage_history
),

seams as (
    select
        model_id,
        count_if(next_valid_from is not null and valid_to > next_valid_from) as overlaps,
        count_if(next_valid_from is not null and valid_to < next_valid_from) as gaps,
        count_if(next_valid_from is not null and valid_to is null) as endless
    from neighbours
    group by model_id
)

select
    models.model_id,
    (select count(*) from marts.dim_customers where first_seen_at is not null) as customers,
    (select count(*) from current_stages where current_stages.model_id = models.model_id and stages = 1)
        as customers_in_one_stage,
    coalesce(seams.overlaps, 0) as overlaps,
    coalesce(seams.gaps, 0) as gaps,
    coalesce(seams.endless, 0) as endless
from seeds.stage_models as models
left join seams using (model_id)

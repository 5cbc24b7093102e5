-- Per stage model: every customer of whom anything dated is known, be it an order that was not completed, stands in
-- exactly one stage, at as_of and always.
create or replace table audit.stage_partition as
with

current_stages as (
    select customer_key, model_id, count(*) as stages
    from marts.customer_stage_history
    where valid_from <= $as_of and (valid_to > $as_of or valid_to is null)
    group by customer_key, model_id
),

-- Stays follow one another without a window over all of them: what one ends at another begins at, and the days of the
-- closed ones are the days between the first beginning and the last.
paths as (
    select
        model_id,
        count_if(valid_to is null) as open_stays,
        max(valid_from) as last_from,
        max(valid_from) filter (where valid_to is null) as open_from,
        coalesce(max(valid_from) filter (where valid_to is null), max(valid_to)) as last_end,
        sum(epoch_us(valid_to) - epoch_us(valid_from)) as closed_us,
        epoch_us(last_end) - epoch_us(min(valid_from)) as span_us,
        sum(cast(hash(valid_from) % 4294967296 as bigint))
        - cast(hash(min(valid_from)) % 4294967296 as bigint) as beginnings,
        coalesce(sum(cast(hash(valid_to) % 4294967296 as bigint)) filter (where valid_to is not null), 0)
        - case when count_if(valid_to is null) = 0 then cast(hash(max(valid_to)) % 4294967296 as bigint) else 0 end
            as ends
    from marts.customer_stage_history
    group by model_id, customer_key
),

seams as (
    select
        model_id,
        count_if(
            coalesce(closed_us, 0) > span_us or (coalesce(closed_us, 0) = span_us and beginnings <> ends)
        ) as overlaps,
        count_if(coalesce(closed_us, 0) < span_us) as gaps,
        count_if(open_stays > 1 or open_from < last_from) as endless
    from paths
    group by model_id
)

select
    models.model_id,
    -- first_seen_at comes from the events the stages are made from: alone it would not notice one that is missing there.
    (
        select count(*) from marts.dim_customers
        where
            first_seen_at is not null
            or registered_at is not null
            or customer_key in (select customer_key from marts.fct_orders)
    ) as customers,
    (select count(*) from current_stages where current_stages.model_id = models.model_id and stages = 1)
        as customers_in_one_stage,
    coalesce(seams.overlaps, 0) as overlaps,
    coalesce(seams.gaps, 0) as gaps,
    coalesce(seams.endless, 0) as endless
from seeds.stage_models as models
left join seams using (model_id)

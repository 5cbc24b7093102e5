-- Running sums of starts and ends: customers in a stage at the end of each day of the shop that is over.
with

history as (
    select * from {{ ref('int_lifecycle__stages') }}
),

rules as (
    select * from {{ ref('stage_rules') }}
),

stages as (
    select distinct
        model_id,
        stage
    from rules
),

bounds as (
    select
        min({{ local_date('valid_from') }}) as first_day,
        {{ local_date(as_of()) }} - 1 as last_day
    from history
),

days as (
    select {{ each_day('first_day', 'last_day') }} as date
    from bounds
),

moves as (
    select
        model_id,
        stage,
        {{ local_date('valid_from') }} as date,
        count(*) as entries,
        0 as exits
    from history
    group by model_id, stage, {{ local_date('valid_from') }}
    union all
    select
        model_id,
        stage,
        {{ local_date('valid_to') }} as date,
        0 as entries,
        count(*) as exits
    from history
    where valid_to is not null
    group by model_id, stage, {{ local_date('valid_to') }}
),

moves_daily as (
    select
        model_id,
        stage,
        date,
        sum(entries) as entries,
        sum(exits) as exits
    from moves
    group by model_id, stage, date
),

filled as (
    select
        stages.model_id,
        stages.stage,
        days.date,
        coalesce(moves_daily.entries, 0) as entries,
        coalesce(moves_daily.exits, 0) as exits
    from stages
    cross join days
    left join moves_daily
        on
            stages.model_id = moves_daily.model_id
            and stages.stage = moves_daily.stage
            and days.date = moves_daily.date
)

select
    model_id,
    stage,
    date,
    cast(sum(entries - exits) over (
        partition by model_id, stage
        order by date
        rows between unbounded preceding and current row
    ) as bigint) as customers,
    cast(entries as bigint) as entries,
    cast(exits as bigint) as exits
from filled

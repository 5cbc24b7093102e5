-- Running sums of entries and exits: customers in a stage at the end of each day of the shop that is over.
with

moves as (
    select * from {{ ref('int_lifecycle__moves') }}
    where not is_coming
),

stages as (
    select * from {{ ref('int_lifecycle__stage_numbers') }}
),

bounds as (
    select
        min(date) as first_day,
        {{ local_date(as_of()) }} - 1 as last_day
    from moves
),

days as (
    select {{ each_day('first_day', 'last_day') }} as date
    from bounds
),

entries_and_exits as (
    select
        stage_number,
        date,
        customers as entries,
        0 as exits
    from moves
    union all
    select
        previous_stage_number as stage_number,
        date,
        0 as entries,
        customers as exits
    from moves
    where previous_stage_number is not null
),

moves_daily as (
    select
        stage_number,
        date,
        sum(entries) as entries,
        sum(exits) as exits
    from entries_and_exits
    group by stage_number, date
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
            stages.stage_number = moves_daily.stage_number
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

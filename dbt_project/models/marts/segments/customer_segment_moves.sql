-- Segments that stand for a stage: what stands on a rank or a sum has no moment at which it was entered.
with

segments as (
    select * from {{ ref('segments') }}
    where kind = 'stage'
),

stays as (
    select * from {{ ref('int_lifecycle__stages') }}
    -- A day more than the 28 that are kept, whatever the shop's time zone.
    where valid_from >= {{ as_of() }} - interval 30 day and valid_from < {{ as_of() }}
),

rules as (
    select * from {{ ref('stage_rules') }}
),

dated as (
    select
        stays.model_id,
        stays.stage,
        stays.previous_stage,
        rules.description || ' (' || stays.cause || ')' as reason,
        {{ local_date('stays.valid_from') }} as date
    from stays
    inner join rules on stays.rule_id = rules.rule_id
),

moves as (
    select
        segments.segment_id,
        'entry' as direction,
        dated.date,
        dated.reason
    from dated
    inner join segments on dated.model_id = segments.model_id and dated.stage = segments.stage
    union all
    select
        segments.segment_id,
        'exit' as direction,
        dated.date,
        dated.reason
    from dated
    inner join segments on dated.model_id = segments.model_id and dated.previous_stage = segments.stage
)

select
    segment_id,
    direction,
    date,
    reason,
    cast(count(*) as bigint) as customers
from moves
where date < {{ local_date(as_of()) }} and date >= {{ local_date(as_of()) }} - 28
group by segment_id, direction, date, reason

with

history as (
    select * from {{ ref('int_lifecycle__stages') }}
),

segments as (
    select * from {{ ref('segments') }}
),

rules as (
    select * from {{ ref('stage_rules') }}
)

select
    history.customer_key,
    segments.segment_id,
    history.model_id,
    history.stage,
    history.valid_from as entered_at,
    history.valid_to as leaves_at,
    rules.description || ' (' || history.cause || ')' as reason
from history
inner join segments on history.model_id = segments.model_id and history.stage = segments.stage
inner join rules on history.rule_id = rules.rule_id
where
    history.valid_from <= {{ as_of() }}
    and (history.valid_to > {{ as_of() }} or history.valid_to is null)

-- A segment of a stage no rule leads to would be empty for ever, and nobody would notice.
select
    segments.segment_id,
    segments.model_id,
    segments.stage
from {{ ref('segments') }} as segments
left join {{ ref('stage_rules') }} as rules
    on segments.model_id = rules.model_id and segments.stage = rules.stage
where segments.kind = 'stage' and rules.rule_id is null

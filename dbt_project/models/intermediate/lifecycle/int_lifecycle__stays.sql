-- Neighbouring intervals of the same stage become one: a stay begins with a transition, not with an event.
with

intervals as (
    select * from {{ ref('int_lifecycle__intervals') }}
),

marked as (
    select
        *,
        lag(stage_number) over customer_model as previous_stage_number,
        coalesce(
            lag(stage_number) over customer_model <> stage_number
            or lag(valid_to) over customer_model <> valid_from,
            true
        ) as is_entry,
        coalesce(
            lead(stage_number) over customer_model <> stage_number
            or lead(valid_from) over customer_model <> valid_to,
            true
        ) as is_last
    from intervals
    window customer_model as (partition by customer_number, model_number order by valid_from, event_number)
),

ends as (
    select
        *,
        case
            when is_last then valid_to
            else lead(valid_to) over (
                partition by customer_number, model_number
                order by valid_from, event_number
            )
        end as stay_valid_to
    from marked
    where is_entry or is_last
)

select
    customer_number,
    model_number,
    stage_number,
    previous_stage_number,
    rule_number,
    event_number,
    is_at_event,
    valid_from,
    stay_valid_to as valid_to
from ends
where is_entry

-- Neighbouring intervals of the same stage become one: a history row is a transition, not an event.
with

intervals as (
    select * from {{ ref('int_lifecycle__intervals') }}
),

marked as (
    select
        *,
        case
            when
                lag(stage) over customer_model = stage
                and lag(valid_to) over customer_model = valid_from
                then 0
            else 1
        end as is_entry
    from intervals
    window customer_model as (partition by customer_key, model_id order by valid_from, event_number)
),

numbered as (
    select
        *,
        sum(is_entry) over (
            partition by customer_key, model_id
            order by valid_from, event_number
            rows between unbounded preceding and current row
        ) as stay_number
    from marked
),

stays as (
    select
        customer_key,
        model_id,
        stay_number,
        case when count(*) = count(valid_to) then max(valid_to) end as valid_to
    from numbered
    group by customer_key, model_id, stay_number
)

select
    numbered.customer_key,
    numbered.model_id,
    numbered.stage,
    numbered.valid_from,
    stays.valid_to,
    numbered.rule_id,
    numbered.cause,
    numbered.cause_id
from numbered
inner join stays
    on
        numbered.customer_key = stays.customer_key
        and numbered.model_id = stays.model_id
        and numbered.stay_number = stays.stay_number
where numbered.is_entry = 1

-- Every transition, counted: the only pass over all stays that the daily counts, flows and the forecast need.
with

stays as (
    select * from {{ ref('int_lifecycle__stays') }}
),

-- A time zone is asked once per quarter of an hour instead of once per stay; no zone's midnight lies between two.
quarters as (
    select
        model_number,
        previous_stage_number,
        stage_number,
        is_at_event,
        valid_from >= {{ as_of() }} as is_coming,
        {{ quarter_hour('valid_from') }} as moved_at,
        count(*) as customers
    from stays
    group by
        model_number,
        previous_stage_number,
        stage_number,
        is_at_event,
        valid_from >= {{ as_of() }},
        {{ quarter_hour('valid_from') }}
)

select
    model_number,
    previous_stage_number,
    stage_number,
    is_at_event,
    is_coming,
    {{ local_date('moved_at') }} as date,
    cast(sum(customers) as bigint) as customers
from quarters
group by
    model_number,
    previous_stage_number,
    stage_number,
    is_at_event,
    is_coming,
    {{ local_date('moved_at') }}

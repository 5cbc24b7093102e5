-- Of the customers who came into a stage for the first time long enough ago: how many came to what decides in time.
with

stays as (
    select * from {{ ref('int_lifecycle__stays') }}
    where valid_from < {{ as_of() }}
),

stages as (
    select * from {{ ref('int_lifecycle__stage_numbers') }}
),

-- The stages that decide: progress where one hopes for it, the loss where one wants to stay.
outcomes as (
    select
        stages.stage_number,
        decisive.stage_number as decisive_stage_number
    from stages
    inner join stages as decisive
        on
            stages.model_id = decisive.model_id
            and (
                ' ' || stages.next_stages || ' ' like '% ' || decisive.stage || ' %'
                or stages.lost_to_stage = decisive.stage
            )
    where stages.horizon_days is not null
),

first_entries as (
    select
        customer_number,
        stage_number,
        min(valid_from) as entered_at
    from stays
    group by customer_number, stage_number
),

mature_entries as (
    select
        first_entries.customer_number,
        first_entries.stage_number,
        first_entries.entered_at,
        {{ plus_days('first_entries.entered_at', 'stages.horizon_days') }} as horizon_end
    from first_entries
    inner join stages on first_entries.stage_number = stages.stage_number
    where {{ plus_days('first_entries.entered_at', 'stages.horizon_days') }} <= {{ as_of() }}
),

entered as (
    select
        stage_number,
        count(*) as entered_customers
    from mature_entries
    group by stage_number
),

decided as (
    select
        mature_entries.stage_number,
        count(distinct mature_entries.customer_number) as decided_customers
    from mature_entries
    inner join outcomes on mature_entries.stage_number = outcomes.stage_number
    inner join stays
        on
            mature_entries.customer_number = stays.customer_number
            and outcomes.decisive_stage_number = stays.stage_number
            and mature_entries.entered_at < stays.valid_from
            and mature_entries.horizon_end >= stays.valid_from
    group by mature_entries.stage_number
)

select
    entered.stage_number,
    entered.entered_customers,
    coalesce(decided.decided_customers, 0) as decided_customers
from entered
left join decided on entered.stage_number = decided.stage_number

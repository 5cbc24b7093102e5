-- The stays with the names of customers, models, stages, rules and causes. A view: the mart is its only whole copy.
{{ config(materialized='view') }}

with

stays as (
    select * from {{ ref('int_lifecycle__stays') }}
),

rules as (
    select * from {{ ref('int_lifecycle__rules') }}
),

stages as (
    select * from {{ ref('int_lifecycle__stage_numbers') }}
),

events as (
    select * from {{ ref('int_lifecycle__events') }}
)

select
    events.customer_key,
    rules.model_id,
    rules.stage,
    previous_stages.stage as previous_stage,
    stays.valid_from,
    stays.valid_to,
    rules.rule_id,
    case when stays.is_at_event then events.event_type else 'time_passed' end as cause,
    events.cause_id
from stays
inner join rules on stays.rule_number = rules.rule_number
inner join events
    on stays.customer_number = events.customer_number and stays.event_number = events.event_number
left join stages as previous_stages on stays.previous_stage_number = previous_stages.stage_number

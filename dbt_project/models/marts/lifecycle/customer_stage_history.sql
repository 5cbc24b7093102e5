-- As of a moment: where valid_from <= moment and (valid_to > moment or valid_to is null).
-- A view: promotion writes its rows once, the build need not write them twice.
{{ config(materialized='view') }}

with

stages as (
    select * from {{ ref('int_lifecycle__stages') }}
)

select
    customer_key,
    model_id,
    stage,
    previous_stage,
    valid_from,
    valid_to,
    rule_id,
    cause,
    cause_id
from stages

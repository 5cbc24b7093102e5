-- A view: promotion writes its rows once, the build need not write them twice.
{{ config(materialized='view') }}

with

email_events as (
    select * from {{ ref('int_email_events__identified') }}
)

select
    email_event_key,
    customer_key,
    source,
    campaign_id,
    campaign_name,
    campaign_type,
    event_type,
    event_at,
    event_date
from email_events

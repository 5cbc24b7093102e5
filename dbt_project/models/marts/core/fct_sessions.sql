-- A view: promotion writes its rows once, the build need not write them twice.
{{ config(materialized='view') }}

with

sessions as (
    select * from {{ ref('int_sessions__identified') }}
)

select
    session_key,
    visitor_key,
    customer_key,
    source,
    started_at,
    session_date,
    channel,
    utm_source,
    utm_medium,
    utm_campaign,
    referrer,
    device,
    page_views,
    product_views,
    cart_adds,
    checkout_starts,
    orders_count
from sessions

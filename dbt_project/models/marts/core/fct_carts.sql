-- A view: promotion writes its rows once, the build need not write them twice.
{{ config(materialized='view') }}

with

carts as (
    select * from {{ ref('int_carts__identified') }}
)

select
    cart_key,
    customer_key,
    session_key,
    order_key,
    source,
    created_at,
    cart_date,
    checkout_started_at,
    items_count,
    is_abandoned,
    amount,
    '{{ var("reporting_currency") }}' as currency
from carts

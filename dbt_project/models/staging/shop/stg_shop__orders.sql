{{ config(materialized='table') }}

with

{{ latest_records(source('shop', 'orders'), ['order_id'], where='ordered_at < ' ~ as_of()) }}

select
    {{ surrogate_key(['_source', 'order_id']) }} as order_key,
    _source as source,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    {{ surrogate_key(['_source', 'session_id']) }} as session_key,
    order_id,
    order_number,
    lower(trim(email)) as email,
    {{ sha256('lower(trim(email))') }} as email_key,
    status,
    source_status,
    lower(channel) as sales_channel,
    store_id,
    coupon_code,
    currency,
    gross_amount,
    discount_amount,
    tax_amount,
    coalesce(taxes_included, false) as taxes_included,
    coalesce(shipping_amount, 0) as shipping_amount,
    ordered_at,
    {{ local_date('ordered_at') }} as order_date
from latest

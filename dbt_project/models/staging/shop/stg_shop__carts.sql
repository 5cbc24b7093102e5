with

{{ latest_records(source('shop', 'carts'), ['cart_id'], where='created_at < ' ~ as_of()) }}

select
    {{ surrogate_key(['_source', 'cart_id']) }} as cart_key,
    {{ surrogate_key(['_source', 'order_id']) }} as order_key,
    {{ surrogate_key(['_source', 'session_id']) }} as session_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    _source as source,
    items_count,
    amount,
    currency,
    created_at,
    checkout_started_at,
    {{ local_date('created_at') }} as cart_date
from latest

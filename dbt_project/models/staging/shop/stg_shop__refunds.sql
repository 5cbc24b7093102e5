with

{{ latest_records(source('shop', 'refunds'), ['refund_id'], where='refunded_at < ' ~ as_of(), whole=true) }}

select
    {{ surrogate_key(['_source', 'refund_id']) }} as refund_key,
    {{ surrogate_key(['_source', 'order_id']) }} as order_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    {{ surrogate_key(['_source', 'product_id']) }} as product_key,
    _source as source,
    refund_id,
    reason,
    currency,
    quantity,
    amount,
    coalesce(tax_amount, 0) as tax_amount,
    refunded_at,
    {{ local_date('refunded_at') }} as refund_date
from latest

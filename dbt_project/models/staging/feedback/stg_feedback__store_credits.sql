with

{{ latest_records(source('feedback', 'store_credits'), ['credit_id'], where='granted_at < ' ~ as_of()) }}

select
    {{ surrogate_key(['_source', 'credit_id']) }} as credit_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    _source as source,
    amount,
    currency,
    granted_at,
    {{ local_date('granted_at') }} as granted_date,
    expires_at,
    used_at
from latest

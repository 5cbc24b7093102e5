with

{{ latest_records(source('feedback', 'usage_readings'), ['reading_id'], where='read_at < ' ~ as_of()) }}

select
    {{ surrogate_key(['_source', 'reading_id']) }} as reading_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    {{ surrogate_key(['_source', 'product_id']) }} as product_key,
    _source as source,
    read_at,
    usage
from latest

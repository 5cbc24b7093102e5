with

{{ latest_records(source('feedback', 'reviews'), ['review_id'], where='reviewed_at < ' ~ as_of()) }}

select
    {{ surrogate_key(['_source', 'review_id']) }} as review_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    {{ surrogate_key(['_source', 'product_id']) }} as product_key,
    _source as source,
    rating,
    reviewed_at
from latest

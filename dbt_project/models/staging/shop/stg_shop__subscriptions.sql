with

{{ latest_records(source('shop', 'subscriptions'), ['subscription_id'], where='started_at < ' ~ as_of()) }}

select
    {{ surrogate_key(['_source', 'subscription_id']) }} as subscription_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    {{ surrogate_key(['_source', 'product_id']) }} as product_key,
    _source as source,
    is_trial,
    status,
    started_at,
    renews_at,
    ended_at
from latest

with

{{ latest_records(source('web', 'sessions'), ['session_id'], where='started_at < ' ~ as_of()) }}

select
    {{ surrogate_key(['_source', 'session_id']) }} as session_key,
    {{ surrogate_key(['_source', 'visitor_id']) }} as visitor_key,
    {{ surrogate_key(['_source', 'customer_id']) }} as account_key,
    _source as source,
    lower(utm_source) as utm_source,
    lower(utm_medium) as utm_medium,
    utm_campaign,
    lower(referrer) as referrer,
    device,
    coalesce(page_views, 0) as page_views,
    coalesce(product_views, 0) as product_views,
    coalesce(cart_adds, 0) as cart_adds,
    coalesce(checkout_starts, 0) as checkout_starts,
    started_at,
    {{ local_date('started_at') }} as session_date
from latest

with

services as (
    select * from {{ ref('int_campaigns__services') }}
)

select
    customer_key,
    service_type,
    item,
    product_key,
    since,
    due_by_date,
    due_by_usage,
    due_on,
    case when due_by_usage is null or due_by_date <= due_by_usage then 'date' else 'usage' end as decided_by
from services

with

replenishment as (
    select * from {{ ref('int_campaigns__replenishment') }}
)

select
    customer_key,
    category,
    last_bought_on,
    rebuys_count,
    interval_days,
    interval_source,
    due_on,
    due_on <= {{ last_day() }} as is_due
from replenishment

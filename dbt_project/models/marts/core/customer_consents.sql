-- The latest word of each customer on each channel. Without one there is no consent.
with

changes as (
    select * from {{ ref('int_consents__changes') }}
),

ranked as (
    select
        *,
        -- Of two changes in the same second the withdrawal counts.
        row_number() over (
            partition by customer_key, channel
            order by changed_at desc, status desc, change_key asc
        ) as recency
    from changes
)

select
    customer_key,
    channel,
    status = 'granted' as is_granted,
    reason,
    changed_at
from ranked
where recency = 1

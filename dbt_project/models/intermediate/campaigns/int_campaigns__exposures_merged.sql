-- Sent again while the window of the last one that counts was open, a message is part of that one. Few customers get
-- one twice: they are found by a number, and only their messages are gone through in order.
{%- set group = row_hash(['exposed.customer_key', 'exposed.source', 'exposed.campaign_id']) %}
with

exposed as (
    select * from {{ ref('int_campaigns__exposed') }}
),

repeated as (
    select {{ group }} as group_hash
    from {{ ref('int_campaigns__exposed') }} as exposed
    group by {{ group }}
    having count(*) > 1
),

followed as (
    select
        exposed.*,
        lag(exposed.exposed_at) over (
            partition by exposed.customer_key, exposed.source, exposed.campaign_id
            order by exposed.exposed_at, exposed.exposure_key
        ) as previous_at
    from exposed
    inner join repeated on {{ group }} = repeated.group_hash
),

counted as (
    select
        customer_key,
        source,
        campaign_id,
        {{ moments_apart(sorted_list('exposed_at'), 'conversion_window_days') }} as moments
    from followed
    group by customer_key, source, campaign_id, conversion_window_days
)

select followed.exposure_key
from followed
inner join counted
    on
        followed.customer_key = counted.customer_key
        and followed.source = counted.source
        and followed.campaign_id = counted.campaign_id
where followed.exposed_at = followed.previous_at or not array_contains(counted.moments, followed.exposed_at)

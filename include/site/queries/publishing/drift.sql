with latest as (
    select
        *,
        row_number() over (partition by audience, destination order by measured_at desc, run_id) as recency
    from publish.publish_drift
)

select
    audience,
    destination,
    measured_at,
    expected,
    found,
    missing,
    unexpected,
    is_drift
from latest
where recency = 1
order by is_drift desc, audience, destination

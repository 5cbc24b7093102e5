with latest as (
    select
        *,
        row_number() over (partition by audience, destination order by started_at desc, run_id) as recency
    from publish.publish_runs
)

select
    audience,
    destination,
    status,
    started_at,
    adds,
    updates,
    removes,
    unchanged,
    skipped,
    rejected,
    confirmed
from latest
where recency = 1
order by status = 'done', audience, destination

-- A run that the guard stopped waits until somebody approves it and the pair is published again.
with latest as (
    select
        *,
        row_number() over (partition by audience, destination order by started_at desc, run_id) as recency
    from publish.publish_runs
)

select
    audience,
    destination,
    started_at,
    removes,
    snapshot,
    error as why,
    run_id
from latest
where recency = 1 and status = 'blocked'
order by started_at, audience, destination

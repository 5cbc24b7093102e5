select
    cast(started_at as date) as day,
    status,
    count(*) as runs
from publish.publish_runs
cross join (select max(started_at) as last_started_at from publish.publish_runs) as latest
where started_at > last_started_at - interval 60 day
group by day, status
order by status, day

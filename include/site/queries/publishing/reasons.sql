select
    operation || ': ' || reason as what,
    count(*) as customers
from publish.publish_changelog
cross join (select max(started_at) as last_started_at from publish.publish_runs) as latest
where started_at > last_started_at - interval 30 day
group by what
order by customers desc, what
limit 25

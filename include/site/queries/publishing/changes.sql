select
    audience || ' → ' || destination as pair,
    sum(adds) as adds,
    sum(updates) as updates,
    sum(removes) as removes
from publish.publish_runs
cross join (select max(started_at) as last_started_at from publish.publish_runs) as latest
where status in ('done', 'not_due') and started_at > last_started_at - interval 30 day
group by audience, destination
order by sum(adds) + sum(updates) + sum(removes) desc, pair
limit 40

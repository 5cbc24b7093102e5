select
    destination,
    audience,
    operation,
    reason,
    retryable,
    count(*) as customers,
    max(rejected_at) as last_rejected_at
from publish.publish_dead_letters
group by destination, audience, operation, reason, retryable
order by customers desc, destination, audience, reason
limit 100

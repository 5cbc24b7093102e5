-- What was sent where and when
select changelog.started_at, changelog.destination, changelog.audience, changelog.operation, changelog.reason, changelog.outcome
from publish.publish_changelog as changelog
where changelog.customer_key = $customer
order by changelog.started_at, changelog.destination, changelog.audience

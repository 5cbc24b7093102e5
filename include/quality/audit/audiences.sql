-- What is about to leave the house: who is in it without consent, without being a customer, or twice.
create or replace table audit.audiences as
select
    '{audience}' as audience,
    count(*) as members,
    count(*) - count(distinct audience.customer_key) as repeated,
    count_if(customers.customer_key is null) as unknown_customers,
    count_if(consents.is_granted is distinct from true) as without_consent
from publish.{table} as audience
left join marts.dim_customers as customers using (customer_key)
left join marts.customer_consents as consents
    on audience.customer_key = consents.customer_key and consents.channel = 'email'

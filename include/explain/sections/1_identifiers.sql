-- Identifiers, and the rule that attached each
select identifier_type, identifier_key, source, attached_by, status, first_seen_at, last_seen_at
from marts.customer_identifiers
where customer_key = $customer
order by identifier_type, first_seen_at, identifier_key

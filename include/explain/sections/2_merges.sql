-- Why several records are one person
select merged_at, absorbed_type, absorbed_customer_key, identifier_type, attached_by, source
from marts.customer_merge_log
where customer_key = $customer
order by merged_at, absorbed_customer_key

-- Segments now
select kind, segment_id, entered_at, leaves_at, is_primary, reason
from marts.customer_segments
where customer_key = $customer
order by is_primary desc, kind, priority

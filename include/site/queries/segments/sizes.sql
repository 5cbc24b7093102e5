select
    segments.kind,
    segments.name as segment,
    count(members.customer_key) as customers,
    count(members.customer_key) filter (where members.is_primary) as primary_customers,
    segments.description
from seeds.segments as segments
left join marts.customer_segments as members using (segment_id)
group by segments.kind, segments.name, segments.description, segments.priority
order by segments.kind = 'stage' desc, segments.kind, customers desc, segments.priority

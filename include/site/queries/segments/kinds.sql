select
    others.kind,
    count(distinct overlap.other_segment_id) as segments
from marts.customer_segment_overlap as overlap
inner join seeds.segments as others on overlap.other_segment_id = others.segment_id
group by others.kind
order by others.kind = 'stage' desc, others.kind

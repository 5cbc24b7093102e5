-- Every stage segment beside every segment: a pair that shares nobody is 0, not left out.
with sizes as (
    select segment_id, count(*) as customers
    from marts.customer_segments
    group by segment_id
)

select
    others.kind,
    segments.name as segment,
    sizes.customers as segment_customers,
    others.name as other_segment,
    if(segments.segment_id = others.segment_id, null, coalesce(overlap.share_of_segment, 0)) as share_of_segment
from seeds.segments as segments
inner join sizes using (segment_id)
cross join seeds.segments as others
left join marts.customer_segment_overlap as overlap
    on segments.segment_id = overlap.segment_id and others.segment_id = overlap.other_segment_id
where segments.kind = 'stage'
order by others.kind = 'stage' desc, others.kind, segments.priority, others.priority

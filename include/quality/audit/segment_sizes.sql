-- Sizes of the segments beside those of the live warehouse, which is what the last run promoted.
create or replace table audit.segment_sizes as
select
    segments.segment_id,
    count(members.customer_key) as members,
    any_value(previous.members) as previous_members,
    case
        when any_value(previous.members) >= 100 then count(members.customer_key) / any_value(previous.members)
    end as growth
from seeds.segments
left join marts.customer_segments as members using (segment_id)
left join audit.previous_segment_sizes as previous using (segment_id)
group by segments.segment_id

select
    segments.name as segment,
    sum(moves.customers) filter (where moves.direction = 'entry') as entries,
    sum(moves.customers) filter (where moves.direction = 'exit') as exits
from marts.customer_segment_moves as moves
inner join seeds.segments as segments using (segment_id)
group by segments.name, segments.priority
order by segments.priority

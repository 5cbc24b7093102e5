select
    segments.name as segment,
    moves.direction,
    moves.reason,
    sum(moves.customers) as customers
from marts.customer_segment_moves as moves
inner join seeds.segments as segments using (segment_id)
group by segments.name, segments.priority, moves.direction, moves.reason
order by segments.priority, moves.direction, customers desc, moves.reason

select
    segments.name as segment,
    moves.date,
    if(moves.direction = 'entry', 'entries', 'exits') as direction,
    sum(moves.customers) as customers
from marts.customer_segment_moves as moves
inner join seeds.segments as segments using (segment_id)
group by segments.name, segments.priority, moves.date, moves.direction
order by segments.priority, moves.direction, moves.date

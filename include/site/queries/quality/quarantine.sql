select
    source || ' · ' || stream || ': ' || reason as what,
    count(*) as rows,
    max(quarantined_at) as last_quarantined_at
from meta.quarantine
group by source, stream, reason
order by rows desc, what
limit 30

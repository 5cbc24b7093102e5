select
    source,
    stream,
    count(*) as files,
    sum(rows_read) as rows_read,
    sum(rows_landed) as rows_landed,
    sum(rows_refused) as rows_refused,
    max(load_date) as last_load_date,
    max(loaded_at) as last_loaded_at
from meta.loads
group by source, stream
order by source, stream

select
    source,
    stream,
    column_name,
    change,
    was,
    now,
    since,
    seen_at
from meta.schema_changes
order by seen_at desc, source, stream, column_name
limit 50

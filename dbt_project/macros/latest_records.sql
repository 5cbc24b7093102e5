{# CTEs that end in `latest`: of each record its last landing; in one load the last row.
   Few records land twice, so only those are ranked: ranking all would sort every column of the stream. The relation is
   named three times, not once in a CTE, because engines keep a CTE that is read twice in memory.
   relation: a source; key: its columns that name a record beside _source; where: which rows count, known by as_of. #}
{% macro latest_records(relation, key, where='true') -%}
{%- set key_hash = row_hash(['_source'] + key) -%}
repeated_keys as (
    select {{ key_hash }} as key_hash
    from {{ relation }}
    where {{ where }}
    group by {{ key_hash }}
    having count(*) > 1
),

ranked as (
    select
        *,
        1 as recency
    from {{ relation }}
    where ({{ where }}) and {{ key_hash }} not in (select key_hash from repeated_keys)
    union all
    select
        *,
        row_number() over (
            partition by _source, {{ key | join(', ') }}
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from {{ relation }}
    where ({{ where }}) and {{ key_hash }} in (select key_hash from repeated_keys)
),

latest as (
    select * from ranked
    where recency = 1
)
{%- endmacro %}

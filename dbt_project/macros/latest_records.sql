{# CTEs that end in `latest`: of each record its last landing; in one load the last row; none of a record deleted since.
   Few records land twice, so only those are ranked: ranking all would sort every column of the stream. The relation is
   named three times, not once in a CTE, because engines keep a CTE that is read twice in memory.
   relation: a source; key: its columns that name a record beside _source; where: which rows count, known by as_of;
   whole: rows with a _parent count only while they are in its last landing, as when an edited order lost a line; a row
   that only says of a parent that it has none of them bears no key. #}
{% macro latest_records(relation, key, where='true', whole=false) -%}
{%- set key_hash = row_hash(['_source'] + key) -%}
{%- set known -%}
((_deleted_at is null and ({{ where }})) or (_deleted_at < {{ as_of() }} and {{ key | last }} is not null))
{%- if whole %}
    and not exists (
        select 1 from last_landings
        where last_landings._source = landed._source
            and last_landings._parent = landed._parent
            and last_landings._loaded_at > landed._loaded_at
    )
{%- endif -%}
{%- endset -%}
{%- if whole -%}
last_landings as (
    select
        _source,
        _parent,
        max(_loaded_at) as _loaded_at
    from {{ relation }}
    where _parent is not null
    group by _source, _parent
    having min(_loaded_at) < max(_loaded_at)
),

{% endif -%}
repeated_keys as (
    select {{ key_hash }} as key_hash
    from {{ relation }} as landed
    where {{ known }}
    group by {{ key_hash }}
    having count(*) > 1
),

ranked as (
    select
        *,
        1 as recency
    from {{ relation }} as landed
    where {{ known }}
        and {{ key_hash }} not in (select key_hash from repeated_keys)
    union all
    select
        *,
        row_number() over (
            partition by _source, {{ key | join(', ') }}
            order by _loaded_at desc, _load_id desc, _row desc
        ) as recency
    from {{ relation }} as landed
    where {{ known }}
        and {{ key_hash }} in (select key_hash from repeated_keys)
),

latest as (
    select * from ranked
    where recency = 1 and _deleted_at is null
)
{%- endmacro %}

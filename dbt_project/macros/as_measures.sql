{# Columns of a relation with date, channel and period_type, turned into one row per measure. #}
{% macro as_measures(relation, measures) -%}
    {%- for measure in measures %}
    select
        date,
        channel,
        period_type,
        '{{ measure }}' as measure,
        cast({{ measure }} as decimal(18, 4)) as value
    from {{ relation }}
    where {{ measure }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

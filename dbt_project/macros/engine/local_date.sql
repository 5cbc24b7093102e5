{# The shop's own day of a UTC timestamp. #}
{% macro local_date(timestamp) -%}
    {{ return(adapter.dispatch('local_date', 'perennial')(timestamp)) }}
{%- endmacro %}

{% macro default__local_date(timestamp) -%}
    cast(timezone('{{ var("time_zone") }}', timezone('UTC', {{ timestamp }})) as date)
{%- endmacro %}

{% macro spark__local_date(timestamp) -%}
    cast(from_utc_timestamp({{ timestamp }}, '{{ var("time_zone") }}') as date)
{%- endmacro %}

{# The start of the quarter of an hour a timestamp lies in. #}
{% macro quarter_hour(timestamp) -%}
    {{ return(adapter.dispatch('quarter_hour', 'perennial')(timestamp)) }}
{%- endmacro %}

{% macro default__quarter_hour(timestamp) -%}
    time_bucket(interval 15 minutes, {{ timestamp }})
{%- endmacro %}

{% macro spark__quarter_hour(timestamp) -%}
    timestamp_seconds(floor(unix_timestamp({{ timestamp }}) / 900) * 900)
{%- endmacro %}

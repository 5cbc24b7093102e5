{# The seconds between 1970 and a timestamp in UTC, a whole number: windows over a span of time are portable with it. #}
{% macro epoch_seconds(timestamp) -%}
    {{ return(adapter.dispatch('epoch_seconds', 'perennial')(timestamp)) }}
{%- endmacro %}

{% macro default__epoch_seconds(timestamp) -%}
    cast(floor(epoch({{ timestamp }})) as bigint)
{%- endmacro %}

{% macro spark__epoch_seconds(timestamp) -%}
    unix_timestamp({{ timestamp }})
{%- endmacro %}

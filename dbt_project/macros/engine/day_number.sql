{# The days between 1970 and a timestamp in UTC, a whole number: windows over days are portable with it. #}
{% macro day_number(timestamp) -%}
    {{ return(adapter.dispatch('day_number', 'perennial')(timestamp)) }}
{%- endmacro %}

{% macro default__day_number(timestamp) -%}
    date_diff('day', date '1970-01-01', cast({{ timestamp }} as date))
{%- endmacro %}

{% macro spark__day_number(timestamp) -%}
    datediff(cast({{ timestamp }} as date), date '1970-01-01')
{%- endmacro %}

{# Days from one timestamp to a later one, with fractions. #}
{% macro days_between(start, finish) -%}
    {{ return(adapter.dispatch('days_between', 'perennial')(start, finish)) }}
{%- endmacro %}

{% macro default__days_between(start, finish) -%}
    (epoch({{ finish }}) - epoch({{ start }})) / 86400.0
{%- endmacro %}

{% macro spark__days_between(start, finish) -%}
    (unix_timestamp({{ finish }}) - unix_timestamp({{ start }})) / 86400.0
{%- endmacro %}

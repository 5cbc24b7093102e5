{# One row per element of an inclusive range of days, for use in a select list. #}
{% macro each_day(first, last) -%}
    {{ return(adapter.dispatch('each_day', 'perennial')(first, last)) }}
{%- endmacro %}

{% macro default__each_day(first, last) -%}
    cast(unnest(generate_series({{ first }}, {{ last }}, interval 1 day)) as date)
{%- endmacro %}

{% macro spark__each_day(first, last) -%}
    explode(sequence({{ first }}, {{ last }}, interval 1 day))
{%- endmacro %}

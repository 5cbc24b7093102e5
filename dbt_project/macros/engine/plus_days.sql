{# A timestamp moved by a number of days held in a column; NULL days give NULL. #}
{% macro plus_days(timestamp, days) -%}
    {{ return(adapter.dispatch('plus_days', 'perennial')(timestamp, days)) }}
{%- endmacro %}

{% macro default__plus_days(timestamp, days) -%}
    {{ timestamp }} + to_days(cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__plus_days(timestamp, days) -%}
    {{ timestamp }} + make_dt_interval(cast({{ days }} as int))
{%- endmacro %}

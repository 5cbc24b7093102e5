{# First day of the period a number of periods later (earlier when negative); start is the first day of a period. #}
{% macro next_period(period_type, start, periods=1) -%}
    {%- set unit, count = ('month', 3 * periods) if period_type == 'quarter' else (period_type, periods) -%}
    cast({{ start }} + interval '{{ count }}' {{ unit }} as date)
{%- endmacro %}

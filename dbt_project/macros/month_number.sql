{# Months since year 0: differences of it are calendar months on every engine (datediff('month') is not). #}
{% macro month_number(date) -%}
    (extract(year from {{ date }}) * 12 + extract(month from {{ date }}))
{%- endmacro %}

{# First day of the period a date lies in. period_type: day, week (from Monday), month, quarter or year. #}
{% macro period_start(period_type, date) -%}
    cast(date_trunc('{{ period_type }}', {{ date }}) as date)
{%- endmacro %}

{# The last day of the shop of which the run knows at least a part: the day before as_of when as_of is its midnight. #}
{% macro last_day() -%}
    {{ local_date(as_of() ~ ' - interval 1 microsecond') }}
{%- endmacro %}

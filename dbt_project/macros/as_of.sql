{# The exclusive end of what this run may know, a timestamp in UTC. #}
{% macro as_of() -%}
    cast('{{ var("as_of") }}' as timestamp)
{%- endmacro %}

{# Aggregate: the values of a group as a list in ascending order, NULLs left out. #}
{% macro sorted_list(value) -%}
    {{ return(adapter.dispatch('sorted_list', 'perennial')(value)) }}
{%- endmacro %}

{% macro default__sorted_list(value) -%}
    list_sort(list({{ value }}) filter (where {{ value }} is not null))
{%- endmacro %}

{% macro spark__sorted_list(value) -%}
    array_sort(collect_list({{ value }}))
{%- endmacro %}

{# The UTC timestamp at which a day of the shop begins. #}
{% macro start_of_local_day(date) -%}
    {{ return(adapter.dispatch('start_of_local_day', 'perennial')(date)) }}
{%- endmacro %}

{% macro default__start_of_local_day(date) -%}
    timezone('UTC', timezone('{{ var("time_zone") }}', cast({{ date }} as timestamp)))
{%- endmacro %}

{% macro spark__start_of_local_day(date) -%}
    to_utc_timestamp(cast({{ date }} as timestamp), '{{ var("time_zone") }}')
{%- endmacro %}

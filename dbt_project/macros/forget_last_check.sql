{# Run first in every build: what gate 2 said of the last build says nothing of this one, which could else be promoted. #}
{% macro forget_last_check() -%}
    {%- if flags.WHICH in ('build', 'run', 'seed') -%}
        drop schema if exists meta cascade
    {%- else -%}
        select 1
    {%- endif -%}
{%- endmacro %}

{# A 64-bit number of some columns for finding rows that may be equal; never NULL, not the same on every engine.
   columns: list of SQL expressions; NULLs count as equal. #}
{% macro row_hash(columns) -%}
    {{ return(adapter.dispatch('row_hash', 'perennial')(columns)) }}
{%- endmacro %}

{% macro default__row_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__row_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}

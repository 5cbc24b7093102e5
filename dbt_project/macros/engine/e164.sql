{# A phone number in E.164, NULL when it cannot be told. Both engines call a Python function registered under this name:
   on DuckDB include/identity/duckdb_plugin.py does it, a Spark session registers include.identity.phones.e164. #}
{% macro e164(phone, country) -%}
    e164({{ phone }}, {{ country }})
{%- endmacro %}

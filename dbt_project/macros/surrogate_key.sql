{# A 32-character key of non-null parts. A NULL part makes the key NULL: a guest has no account key.
   parts: list of SQL expressions, unambiguous when joined by '|'. #}
{% macro surrogate_key(parts) -%}
    md5({% for part in parts %}cast({{ part }} as varchar){{ " || '|' || " if not loop.last }}{% endfor %})
{%- endmacro %}

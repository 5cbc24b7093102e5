{# A number from 0 up to, not including, 1 that depends on a text alone: the same on every run and engine. #}
{% macro hash_share(text) -%}
    {{ return(adapter.dispatch('hash_share', 'perennial')(text)) }}
{%- endmacro %}

{% macro default__hash_share(text) -%}
    (cast('0x' || substr(sha256({{ text }}), 1, 8) as bigint) / 4294967296.0)
{%- endmacro %}

{% macro spark__hash_share(text) -%}
    (cast(conv(substr(sha2({{ text }}, 256), 1, 8), 16, 10) as bigint) / 4294967296.0)
{%- endmacro %}

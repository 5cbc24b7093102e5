{# The draw that decides who is held out: below the share they are. The same on every run until the salt changes. #}
{% macro hold_out_draw(salt, parts) -%}
    {%- set salt_text = 'cast(cast(' ~ salt ~ ' as integer) as varchar)' -%}
    {{ hash_share("concat_ws('|', " ~ ([salt_text] + parts) | join(', ') ~ ")") }}
{%- endmacro %}

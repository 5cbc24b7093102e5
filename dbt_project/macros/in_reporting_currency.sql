{# An amount in the reporting currency, rounded to its minor unit; amounts already in it stay as the source gave them.
   The query must join int_fx__rates as `rates`. #}
{% macro in_reporting_currency(amount) -%}
    cast(case
        when rates.is_reporting_currency then {{ amount }}
        else round({{ amount }} * rates.rate, {{ var('reporting_minor_units') }})
    end as decimal(18, 4))
{%- endmacro %}

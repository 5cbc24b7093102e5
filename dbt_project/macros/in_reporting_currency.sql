{# An amount in the reporting currency, rounded to its minor unit; amounts already in it stay as the source gave them.
   rates: the relation of the query that has the rate and is_reporting_currency, as int_fx__rates does. #}
{% macro in_reporting_currency(amount, rates='rates') -%}
    cast(case
        when {{ rates }}.is_reporting_currency then {{ amount }}
        else round({{ amount }} * {{ rates }}.rate, {{ var('reporting_minor_units') }})
    end as decimal(18, 4))
{%- endmacro %}

{# The probability of a chi-square with one degree of freedom above a value: the complementary error function of the root
   of half of it, by the approximation of Hastings in Abramowitz and Stegun (1964), 7.1.26; error below 0.00000015. #}
{% macro chi_square_p_value(value) -%}
    {%- set t = "(1 / (1 + 0.3275911 * sqrt(" ~ value ~ " / 2.0)))" -%}
    (
        {{ t }} * (0.254829592 + {{ t }} * (-0.284496736 + {{ t }} * (
            1.421413741 + {{ t }} * (-1.453152027 + {{ t }} * 1.061405429)
        ))) * exp(-{{ value }} / 2.0)
    )
{%- endmacro %}

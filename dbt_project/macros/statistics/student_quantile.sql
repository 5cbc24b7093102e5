{# The 97.5 % quantile of Student's t by its expansion around the normal one: Abramowitz and Stegun (1964), 26.7.5.
   Good to three decimals from 4 degrees of freedom on. #}
{% macro student_quantile(degrees) -%}
    (
        1.959963984540054 + 2.3722712 / ({{ degrees }}) + 2.8224986 / power({{ degrees }}, 2)
        + 2.5558497 / power({{ degrees }}, 3) + 1.5895341 / power({{ degrees }}, 4)
    )
{%- endmacro %}

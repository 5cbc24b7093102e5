{# One bound of the 95 % score interval of a share (E. B. Wilson, Journal of the American Statistical Association 22,
   1927); NULL without a trial. bound: 'lower' or 'upper'. #}
{% macro wilson_bound(successes, trials, bound) -%}
    {%- set z = 1.959963984540054 -%}
    {%- set s = 'cast(' ~ successes ~ ' as double)' -%}
    {%- set n = 'nullif(cast(' ~ trials ~ ' as double), 0)' -%}
    ({{ s }} + {{ z * z / 2 }} {{ '-' if bound == 'lower' else '+' }} {{ z }}
    * sqrt({{ s }} * ({{ n }} - {{ s }}) / {{ n }} + {{ z * z / 4 }})) / ({{ n }} + {{ z * z }})
{%- endmacro %}

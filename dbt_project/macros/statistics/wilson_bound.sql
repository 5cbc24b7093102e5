{# One end of the 95 % score interval of a share: Wilson, JASA 22 (1927), 209-212. side: '-' lower, '+' upper end. #}
{% macro wilson_bound(successes, trials, side) -%}
    (
        ({{ successes }} + 1.920729410347062 {{ side }} 1.959963984540054 * sqrt(
            cast({{ successes }} as double) * ({{ trials }} - {{ successes }}) / nullif({{ trials }}, 0)
            + 0.960364705173531
        )) / ({{ trials }} + 3.841458820694124)
    )
{%- endmacro %}

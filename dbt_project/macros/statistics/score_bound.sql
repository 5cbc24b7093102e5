{# One end of the 95 % score interval of a mean of counts: where the mean lies z standard errors off, with the variance
   proportional to the mean as it is in the data (Poisson: Rao 1948; the same for a share is Wilson's). Without any
   count the variance is taken for Poisson's. #}
{% macro score_bound(mean, variance, trials, side) -%}
    {%- set ratio = "coalesce(" ~ variance ~ " / nullif(" ~ mean ~ ", 0), 1.0 / " ~ trials ~ ")" -%}
    (
        {{ mean }} + 1.920729410347062 * {{ ratio }}
        {{ side }} 1.959963984540054 * sqrt({{ variance }} + 0.960364705173531 * power({{ ratio }}, 2))
    )
{%- endmacro %}

{# The median of a value over a named window whose frame has a bounded number of rows; NULLs do not count. #}
{% macro moving_median(value, window) -%}
    {{ return(adapter.dispatch('moving_median', 'perennial')(value, window)) }}
{%- endmacro %}

{% macro default__moving_median(value, window) -%}
    median({{ value }}) over {{ window }}
{%- endmacro %}

{# Spark takes no median over ordered frames; the middle of the sorted values is the same. #}
{% macro spark__moving_median(value, window) -%}
    aggregate(
        slice(
            sort_array(collect_list({{ value }}) over {{ window }}),
            cast(ceil(size(collect_list({{ value }}) over {{ window }}) / 2.0) as int),
            2 - size(collect_list({{ value }}) over {{ window }}) % 2
        ),
        cast(0 as double),
        (total, item) -> total + item,
        total -> total / nullif(2 - size(collect_list({{ value }}) over {{ window }}) % 2, 0)
    )
{%- endmacro %}

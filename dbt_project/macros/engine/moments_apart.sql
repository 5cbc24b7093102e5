{# Of a sorted list of timestamps the first, and then each that is more than so many days after the last one taken: what
   is taken depends on what was taken before, which no window can say. #}
{% macro moments_apart(moments, days) -%}
    {{ return(adapter.dispatch('moments_apart', 'perennial')(moments, days)) }}
{%- endmacro %}

{% macro default__moments_apart(moments, days) -%}
    list_reduce(
        list_transform({{ moments }}, lambda moment: [moment]),
        lambda taken, next: case
            when next[1] > taken[-1] + to_days(cast({{ days }} as integer)) then list_concat(taken, next)
            else taken
        end
    )
{%- endmacro %}

{% macro spark__moments_apart(moments, days) -%}
    aggregate(
        {{ moments }},
        slice({{ moments }}, 1, 1),
        (taken, next) -> if(
            next > element_at(taken, -1) + make_dt_interval(cast({{ days }} as int)), concat(taken, array(next)), taken
        )
    )
{%- endmacro %}

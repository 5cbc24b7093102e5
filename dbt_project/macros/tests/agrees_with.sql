{# Two sums over two relations are equal, NULL-safe. Arguments: the sum here, the other relation, the sum there. #}
{% test agrees_with(model, this_sum, other, other_sum) %}
with

here as (
    select {{ this_sum }} as total from {{ model }}
),

there as (
    select {{ other_sum }} as total from {{ other }}
)

select
    here.total as total_here,
    there.total as total_there
from here
cross join there
where here.total is distinct from there.total
{% endtest %}

{# Each customer of the relation has exactly one row that is the primary one. #}
{% test one_primary(model) %}
select
    customer_key,
    count(*) filter (where is_primary) as primaries
from {{ model }}
group by customer_key
having count(*) filter (where is_primary) <> 1
{% endtest %}

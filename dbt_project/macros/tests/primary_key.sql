{# The column names one row: never NULL, never twice. One pass where unique and not_null would take two. #}
{% test primary_key(model, column_name) %}
select
    {{ column_name }},
    count(*) as copies
from {{ model }}
group by {{ column_name }}
having count(*) > 1 or {{ column_name }} is null
{% endtest %}

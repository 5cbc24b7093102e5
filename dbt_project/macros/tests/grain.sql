{# One row per value of the columns, NULL being a value, and no NULL in never_null. One pass where a test of each
   kind for each column would take one apiece. #}
{% test grain(model, columns, never_null=[]) %}
select
    {{ columns | join(', ') }},
    count(*) as copies
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1{% for column in never_null %} or count({{ column }}) < count(*){% endfor %}

{% endtest %}

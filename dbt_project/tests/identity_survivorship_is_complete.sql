-- A field without a rule would be empty for every customer with several records; a rule by priority needs priorities.
with

survivorship as (
    select * from {{ ref('identity_survivorship') }}
),

priorities as (
    select * from {{ ref('identity_source_priority') }}
),

known as (
    {% for field in ['email', 'phone', 'first_name', 'last_name', 'birth_date', 'country', 'loyalty_id'] %}
    {{ "union all" if not loop.first }}
    select '{{ field }}' as field
    {% endfor %}
)

select
    known.field as expected,
    survivorship.field as found,
    survivorship.rule
from known
left join survivorship on known.field = survivorship.field
left join priorities on survivorship.field = priorities.field
where survivorship.field is null or (survivorship.rule = 'source_priority' and priorities.field is null)

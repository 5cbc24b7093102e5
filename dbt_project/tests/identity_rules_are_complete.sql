-- An identifier without a rule would vanish from the graph, and a cap below one would let no value through.
with

rules as (
    select * from {{ ref('identity_rules') }}
),

known as (
    {% for type in ['email', 'loyalty', 'phone', 'profile', 'visitor'] %}
    {{ "union all" if not loop.first }}
    select '{{ type }}' as identifier_type
    {% endfor %}
)

select
    known.identifier_type as expected,
    rules.identifier_type as found,
    rules.max_accounts
from known
full outer join rules on known.identifier_type = rules.identifier_type
where known.identifier_type is null or rules.identifier_type is null or not coalesce(rules.max_accounts, 0) > 0

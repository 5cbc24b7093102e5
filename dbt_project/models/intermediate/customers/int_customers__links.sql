-- Each sighting of somebody with an identifier, and whether the rules let it merge them with others seen with it.
with

evidence as (
    select * from {{ ref('int_customers__evidence') }}
),

records as (
    select * from {{ ref('int_customers__records') }}
),

rules as (
    select * from {{ ref('identity_rules') }}
),

blocked_values as (
    select * from {{ ref('identity_blocked_values') }}
),

unmerges as (
    select
        *,
        {{ surrogate_key(['source', 'customer_id']) }} as account_key
    from {{ ref('identity_unmerges') }}
),

typed_values as (
    {% for type, typed in [('email', 'email'), ('phone', 'phone'), ('loyalty', 'lower(trim(loyalty_id))')] %}
    {{ "union all" if not loop.first }}
    select
        '{{ type }}' as identifier_type,
        {{ type }}_key as identifier_key,
        {{ typed }} as typed
    from records
    where {{ type }}_key is not null
    {% endfor %}
),

blocked as (
    select distinct
        typed_values.identifier_type,
        typed_values.identifier_key
    from typed_values
    inner join blocked_values
        on
            typed_values.identifier_type = blocked_values.identifier_type
            and typed_values.typed like blocked_values.pattern
),

detached as (
    select distinct
        unmerges.account_key,
        rules.identifier_type
    from unmerges
    inner join rules
        on
            unmerges.identifier_type = rules.identifier_type
            or coalesce(unmerges.identifier_type, '') = ''
),

judged as (
    select
        evidence.*,
        rules.merges,
        rules.max_accounts,
        blocked.identifier_key is not null as is_blocked,
        detached.account_key is not null as is_unmerged
    from evidence
    inner join rules on evidence.identifier_type = rules.identifier_type
    left join blocked
        on
            evidence.identifier_type = blocked.identifier_type
            and evidence.identifier_key = blocked.identifier_key
    left join detached
        on
            evidence.identity_type = 'account'
            and evidence.identity_key = detached.account_key
            and evidence.identifier_type = detached.identifier_type
),

crowded as (
    select
        judged.identifier_type,
        judged.identifier_key
    from judged
    where judged.identity_type = 'account' and judged.merges and not judged.is_unmerged
    group by judged.identifier_type, judged.identifier_key
    having count(distinct judged.identity_key) > min(judged.max_accounts)
)

select
    judged.identity_type,
    judged.identity_key,
    judged.identifier_type,
    judged.identifier_key,
    judged.source,
    judged.attached_by,
    judged.first_seen_at,
    judged.last_seen_at,
    case
        when judged.is_unmerged then 'unmerged'
        when judged.is_blocked then 'blocked'
        when crowded.identifier_key is not null then 'over_cap'
        when judged.merges then 'merges'
        else 'attaches'
    end as status
from judged
left join crowded
    on
        judged.identifier_type = crowded.identifier_type
        and judged.identifier_key = crowded.identifier_key

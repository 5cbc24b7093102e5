{% set fields = ['email', 'phone', 'first_name', 'last_name', 'birth_date', 'country', 'loyalty_id'] -%}
with

records as (
    select * from {{ ref('int_customers__records') }}
),

identities as (
    select * from {{ ref('int_customers__identities') }}
    where identity_type in ('account', 'guest_order')
),

blocked as (
    select distinct
        identifier_type,
        identifier_key
    from {{ ref('int_customers__links') }}
    where status = 'blocked'
),

survivorship as (
    select * from {{ ref('identity_survivorship') }}
),

source_priority as (
    select * from {{ ref('identity_source_priority') }}
),

-- Most customers have one record, which needs no rule: only the others are taken apart.
contested as (
    select customer_key
    from identities
    group by customer_key
    having count(*) > 1
),

-- A blocked value reaches nobody.
told as (
    select
        identities.customer_key,
        records.identity_type,
        records.identity_key,
        records.source,
        records.records_count,
        records.recorded_at,
        case when blocked_email.identifier_key is null then records.email end as email,
        case when blocked_phone.identifier_key is null then records.phone end as phone,
        records.first_name,
        records.last_name,
        records.birth_date,
        records.country,
        case when blocked_loyalty.identifier_key is null then records.loyalty_id end as loyalty_id,
        contested.customer_key is not null as is_contested
    from records
    inner join identities
        on records.identity_type = identities.identity_type and records.identity_key = identities.identity_key
    left join contested on identities.customer_key = contested.customer_key
    {% for type in ['email', 'phone', 'loyalty'] %}
    left join blocked as blocked_{{ type }}
        on
            records.{{ type }}_key = blocked_{{ type }}.identifier_key
            and blocked_{{ type }}.identifier_type = '{{ type }}'
    {% endfor %}
),

candidates as (
    {% for field in fields %}
    {{ "union all" if not loop.first }}
    select
        customer_key,
        '{{ field }}' as field,
        cast({{ field }} as varchar) as field_value,
        source,
        recorded_at,
        records_count,
        identity_type,
        identity_key
    from told
    where is_contested and {{ field }} is not null
    {% endfor %}
),

counted as (
    select
        *,
        sum(records_count) over (partition by customer_key, field, field_value) as value_count
    from candidates
),

ranked as (
    select
        counted.*,
        row_number() over (
            partition by counted.customer_key, counted.field
            order by
                case when survivorship.rule = 'most_frequent' then counted.value_count end desc nulls last,
                case when survivorship.rule = 'source_priority' then source_priority.priority end asc nulls last,
                counted.recorded_at desc nulls last,
                counted.field_value desc,
                counted.identity_key asc,
                counted.identity_type asc
        ) as precedence
    from counted
    inner join survivorship on counted.field = survivorship.field
    left join source_priority on counted.field = source_priority.field and counted.source = source_priority.source
)

select
    {% for field in fields %}
    {{ field }},
    case when {{ field }} is not null then source end as {{ field }}_source,
    case when {{ field }} is not null then recorded_at end as {{ field }}_seen_at,
    {% endfor %}
    customer_key
from told
where not is_contested
union all
select
    {% for field in fields %}
    {% set won = "filter (where ranked.field = '" ~ field ~ "')" %}
    cast(max(ranked.field_value) {{ won }} as {{ 'date' if field == 'birth_date' else 'varchar' }}) as {{ field }},
    max(ranked.source) {{ won }} as {{ field }}_source,
    max(ranked.recorded_at) {{ won }} as {{ field }}_seen_at,
    {% endfor %}
    contested.customer_key
from contested
left join ranked on contested.customer_key = ranked.customer_key and ranked.precedence = 1
group by contested.customer_key

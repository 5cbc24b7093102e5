with

segments as (
    select * from {{ ref('segments') }}
),

history as (
    select * from {{ ref('int_lifecycle__stages') }}
),

rules as (
    select * from {{ ref('stage_rules') }}
),

-- What stands on a rank or on habits has no moment at which it was entered.
memberships as (
    {%- for kind, model, member in [
        ('rfm', 'customer_rfm', 'group_id'),
        ('pareto', 'customer_pareto', 'class_id'),
        ('profitability', 'customer_profitability', 'band_id'),
        ('active_grid', 'customer_active_grid', 'cell_id'),
        ('churn_risk', 'customer_churn_risk', 'band_id'),
    ] %}
    select
        customer_key,
        '{{ kind }}' as kind,
        {{ member }} as member,
        cast(null as timestamp) as entered_at,
        cast(null as timestamp) as leaves_at,
        cast(null as varchar) as reason
    from {{ ref(model) }}
    union all
    {%- endfor %}
    select
        customer_key,
        'lapsed_ladder' as kind,
        rung_id as member,
        entered_at,
        leaves_at,
        cast(null as varchar) as reason
    from {{ ref('customer_lapsed_ladder') }}
    union all
    select
        customer_key,
        trait as kind,
        value as member,
        entered_at,
        leaves_at,
        reason
    from {{ ref('customer_traits') }}
),

named as (
    select
        history.customer_key,
        segments.segment_id,
        history.model_id,
        history.stage,
        history.valid_from as entered_at,
        history.valid_to as leaves_at,
        rules.description || ' (' || history.cause || ')' as reason
    from history
    inner join segments on history.model_id = segments.model_id and history.stage = segments.stage
    inner join rules on history.rule_id = rules.rule_id
    where
        history.valid_from <= {{ as_of() }}
        and (history.valid_to > {{ as_of() }} or history.valid_to is null)
    union all
    select
        memberships.customer_key,
        segments.segment_id,
        cast(null as varchar) as model_id,
        cast(null as varchar) as stage,
        memberships.entered_at,
        memberships.leaves_at,
        coalesce(memberships.reason, segments.description) as reason
    from memberships
    inner join segments on memberships.kind = segments.kind and memberships.member = segments.member
),

-- Priorities are unique, so the smallest is one segment.
firsts as (
    select
        named.customer_key,
        min(segments.priority) as priority
    from named
    inner join segments on named.segment_id = segments.segment_id
    group by named.customer_key
)

select
    named.customer_key,
    named.segment_id,
    segments.kind,
    named.model_id,
    named.stage,
    named.entered_at,
    named.leaves_at,
    named.reason,
    segments.priority,
    segments.priority = firsts.priority as is_primary
from named
inner join segments on named.segment_id = segments.segment_id
inner join firsts on named.customer_key = firsts.customer_key

-- A segment of a member that no other seed knows would be empty for ever, and nobody would notice; one with both a
-- stage and a member would be two.
with

members as (
    {%- for kind, seed, member in [
        ('rfm', 'rfm_groups', 'group_id'),
        ('pareto', 'pareto_classes', 'class_id'),
        ('profitability', 'profitability_bands', 'band_id'),
        ('lapsed_ladder', 'lapsed_ladder', 'rung_id'),
        ('churn_risk', 'churn_bands', 'band_id'),
        ('life_event', 'life_events', 'event_id'),
    ] %}
    select
        '{{ kind }}' as kind,
        {{ member }} as member
    from {{ ref(seed) }}
    union all
    {%- endfor %}
    select
        'active_grid' as kind,
        recency.band_id || '_' || frequency.band_id || '_' || order_value.band_id as member
    from {{ ref('active_grid') }} as recency
    cross join {{ ref('active_grid') }} as frequency
    cross join {{ ref('active_grid') }} as order_value
    where recency.axis = 'recency' and frequency.axis = 'frequency' and order_value.axis = 'order_value'
    union all
    select
        'profitability' as kind,
        'unknown' as member
    union all
    select distinct
        trait as kind,
        value as member
    from {{ ref('trait_rules') }}
)

select
    segments.segment_id,
    segments.kind,
    segments.member
from {{ ref('segments') }} as segments
left join members on segments.kind = members.kind and segments.member = members.member
where
    (segments.kind <> 'stage' and members.member is null)
    or (segments.kind <> 'stage' and (segments.stage is not null or segments.model_id is not null))
    or (segments.kind = 'stage' and segments.member is not null)

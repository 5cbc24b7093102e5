-- Both arms of a cell side by side, with what the interval of their difference is made from.
{%- set keys = ['trigger_id', 'source', 'campaign_id', 'stage'] %}
with

arms as (
    select * from {{ ref('int_campaigns__exposures_by_arm') }}
),

treated as (
    select * from arms
    where arm = 'treated'
),

hold_out as (
    select * from arms
    where arm = 'hold_out'
)

select
    {%- for key in keys %}
    coalesce(treated.{{ key }}, hold_out.{{ key }}) as {{ key }},
    {%- endfor %}
    {%- for arm in ['treated', 'hold_out'] %}
    {%- for name in ['units', 'exposures', 'conversions', 'orders', 'net_revenue', 'discount_amount'] %}
    coalesce({{ arm }}.{{ name }}, 0) as {{ arm }}_{{ name }},
    {%- endfor %}
    {{ arm }}.rate as {{ arm }}_rate,
    {{ wilson_bound(arm ~ '.conversions', arm ~ '.exposures', '-') }} as {{ arm }}_rate_low,
    {{ wilson_bound(arm ~ '.conversions', arm ~ '.exposures', '+') }} as {{ arm }}_rate_high,
    {{ arm }}.orders_mean as {{ arm }}_orders_mean,
    {{ score_bound(arm ~ '.orders_mean', arm ~ '.orders_variance', arm ~ '.exposures', '-') }} as {{ arm }}_orders_low,
    {{ score_bound(arm ~ '.orders_mean', arm ~ '.orders_variance', arm ~ '.exposures', '+') }} as {{ arm }}_orders_high,
    {{ arm }}.revenue_mean as {{ arm }}_revenue_mean,
    {%- endfor %}
    coalesce(treated.planned_hold_outs, 0) + coalesce(hold_out.planned_hold_outs, 0) as planned_hold_outs,
    (treated.planned_hold_outs is not null or treated.units is null)
    and (hold_out.planned_hold_outs is not null or hold_out.units is null) as is_planned,
    treated.revenue_variance + hold_out.revenue_variance as revenue_variance,
    -- Welch (1947): degrees of freedom of a difference of means whose variances differ.
    power(treated.revenue_variance + hold_out.revenue_variance, 2) / nullif(
        power(treated.revenue_variance, 2) / (treated.units - 1)
        + power(hold_out.revenue_variance, 2) / (hold_out.units - 1), 0
    ) as revenue_degrees
from treated
full outer join hold_out
    on
    {%- for key in keys %}
        {{ 'and ' if not loop.first }}treated.{{ key }} = hold_out.{{ key }}
    {%- endfor %}

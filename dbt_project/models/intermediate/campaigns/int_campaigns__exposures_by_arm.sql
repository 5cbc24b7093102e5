-- The sums that means, rates and their intervals are made from. The unit is a customer in a campaign, as that is what
-- was drawn into an arm: a customer whom a flow reaches three times is one draw with three exposures.
with

exposures as (
    select * from {{ ref('int_campaigns__exposures') }}
    where is_mature
),

converted as (
    select * from {{ ref('int_campaigns__exposures_converted') }}
    where is_mature
),

campaigns as (
    select * from {{ ref('int_campaigns__mapped') }}
),

stage_units as (
    select
        exposures.source,
        exposures.campaign_id,
        exposures.arm,
        exposures.stage,
        exposures.customer_key,
        count(*) as exposures,
        count(converted.exposure_key) as conversions,
        cast(coalesce(sum(converted.orders_count), 0) as bigint) as orders,
        cast(coalesce(sum(converted.net_revenue), 0) as decimal(18, 4)) as revenue,
        cast(coalesce(sum(converted.discount_amount), 0) as decimal(18, 4)) as discount
    from exposures
    left join converted on exposures.exposure_key = converted.exposure_key
    group by exposures.source, exposures.campaign_id, exposures.arm, exposures.stage, exposures.customer_key
),

units as (
    select * from stage_units
    union all
    select
        source,
        campaign_id,
        arm,
        'all' as stage,
        customer_key,
        cast(sum(exposures) as bigint) as exposures,
        cast(sum(conversions) as bigint) as conversions,
        cast(sum(orders) as bigint) as orders,
        cast(sum(revenue) as decimal(18, 4)) as revenue,
        cast(sum(discount) as decimal(18, 4)) as discount
    from stage_units
    group by source, campaign_id, arm, customer_key
),

campaign_sums as (
    select
        source,
        campaign_id,
        arm,
        stage,
        count(*) as units,
        sum(exposures) as exposures,
        sum(conversions) as conversions,
        sum(orders) as orders,
        sum(revenue) as revenue,
        sum(discount) as discount,
        sum(exposures * exposures) as exposures_squared,
        sum(orders * orders) as orders_squared,
        sum(orders * exposures) as orders_by_exposures,
        sum(revenue * revenue) as revenue_squared,
        sum(revenue * cast(exposures as decimal(9, 0))) as revenue_by_exposures
    from units
    group by source, campaign_id, arm, stage
),

levels as (
    {%- for source, campaign in [('campaign_sums.source', 'campaign_sums.campaign_id'), ("'all'", "'all'")] %}
    select
        campaigns.trigger_id,
        {{ source }} as source,
        {{ campaign }} as campaign_id,
        campaign_sums.stage,
        campaign_sums.arm,
        {%- for name in [
            'units', 'exposures', 'conversions', 'orders', 'revenue', 'discount', 'exposures_squared', 'orders_squared',
            'orders_by_exposures', 'revenue_squared', 'revenue_by_exposures'
        ] %}
        sum(campaign_sums.{{ name }}) as {{ name }},
        {%- endfor %}
        sum(campaign_sums.units * campaigns.hold_out_share) as planned_hold_outs,
        count(*) = count(campaigns.hold_out_share) as is_planned
    from campaign_sums
    inner join campaigns
        on campaign_sums.source = campaigns.source and campaign_sums.campaign_id = campaigns.campaign_id
    group by campaigns.trigger_id, {{ source }}, {{ campaign }}, campaign_sums.stage, campaign_sums.arm
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    trigger_id,
    source,
    campaign_id,
    stage,
    arm,
    cast(units as bigint) as units,
    cast(exposures as bigint) as exposures,
    cast(conversions as bigint) as conversions,
    cast(orders as bigint) as orders,
    cast(revenue as decimal(18, 4)) as net_revenue,
    cast(discount as decimal(18, 4)) as discount_amount,
    cast(conversions as double) / exposures as rate,
    {%- for measure in ['orders', 'revenue'] %}
    cast({{ measure }} as double) / exposures as {{ measure }}_mean,
    -- Of a mean per exposure over units of several: the ratio of two sums, linearised (Cochran 1977, chapter 6).
    case
        when units > 1
            then greatest(
                cast({{ measure }}_squared as double)
                - 2 * cast({{ measure }} as double) / exposures * cast({{ measure }}_by_exposures as double)
                + power(cast({{ measure }} as double) / exposures, 2) * cast(exposures_squared as double),
                0
            ) * units / (units - 1.0) / power(cast(exposures as double), 2)
    end as {{ measure }}_variance,
    {%- endfor %}
    case when is_planned then cast(planned_hold_outs as double) end as planned_hold_outs
from levels

-- Orders per message, not the share who ordered, is what a message adds to: many of those who were sent one would have
-- ordered anyway, and an extra order of theirs shows in the mean but not in the share.
with

paired as (
    select * from {{ ref('int_campaigns__exposures_paired') }}
),

parameters as (
    select
        max(value) filter (where parameter = 'lift_min_units') as min_units,
        max(value) filter (where parameter = 'lift_min_conversions') as min_conversions,
        max(value) filter (where parameter = 'lift_smallest_effect') as smallest_effect,
        max(value) filter (where parameter = 'sample_ratio_alpha') as sample_ratio_alpha
    from {{ ref('campaign_parameters') }}
),

compared as (
    select
        *,
        treated_units + hold_out_units as units,
        treated_rate - hold_out_rate as rate_lift,
        treated_orders_mean - hold_out_orders_mean as order_lift,
        treated_revenue_mean - hold_out_revenue_mean as revenue_lift,
        -- The interval of a difference from those of its parts: Newcombe, Statistics in Medicine 17 (1998), 873-890,
        -- method 10; for means Zou and Donner, Statistics in Medicine 27 (2008), 1693-1702.
        sqrt(power(treated_rate - treated_rate_low, 2) + power(hold_out_rate_high - hold_out_rate, 2)) as rate_below,
        sqrt(power(treated_rate_high - treated_rate, 2) + power(hold_out_rate - hold_out_rate_low, 2)) as rate_above,
        sqrt(
            power(treated_orders_mean - treated_orders_low, 2) + power(hold_out_orders_high - hold_out_orders_mean, 2)
        ) as order_below,
        sqrt(
            power(treated_orders_high - treated_orders_mean, 2) + power(hold_out_orders_mean - hold_out_orders_low, 2)
        ) as order_above,
        -- Without any spread there are no degrees of freedom, and no margin.
        coalesce({{ student_quantile('revenue_degrees') }}, 0) * sqrt(revenue_variance) as revenue_margin,
        case
            when is_planned and least(planned_hold_outs, treated_units + hold_out_units - planned_hold_outs) >= 5
                then
                    power(hold_out_units - planned_hold_outs, 2) * (treated_units + hold_out_units)
                    / (planned_hold_outs * (treated_units + hold_out_units - planned_hold_outs))
        end as chi_square
    from paired
),

judged as (
    select
        *,
        case when is_planned then planned_hold_outs / units end as planned_hold_out_share,
        {{ chi_square_p_value('chi_square') }} as sample_ratio_p_value,
        -- Orders carry discounts without the campaign too: only what the treated got beyond the others is its cost.
        treated_discount_amount - treated_exposures * cast(hold_out_discount_amount as double)
        / nullif(hold_out_exposures, 0) as discount_cost
    from compared
)

select
    judged.trigger_id,
    judged.source,
    judged.campaign_id,
    judged.stage,
    judged.treated_units as treated_customers,
    judged.hold_out_units as hold_out_customers,
    {%- for arm in ['treated', 'hold_out'] %}
    {%- for name in ['exposures', 'conversions', 'orders', 'net_revenue', 'discount_amount'] %}
    judged.{{ arm }}_{{ name }},
    {%- endfor %}
    judged.{{ arm }}_rate as {{ arm }}_conversion_rate,
    judged.{{ arm }}_orders_mean as {{ arm }}_orders_per_exposure,
    judged.{{ arm }}_revenue_mean as {{ arm }}_net_revenue_per_exposure,
    {%- endfor %}
    judged.rate_lift as conversion_rate_lift,
    judged.rate_lift - judged.rate_below as conversion_rate_lift_low,
    judged.rate_lift + judged.rate_above as conversion_rate_lift_high,
    judged.order_lift as orders_lift,
    judged.order_lift - judged.order_below as orders_lift_low,
    judged.order_lift + judged.order_above as orders_lift_high,
    judged.revenue_lift as net_revenue_lift,
    judged.revenue_lift - judged.revenue_margin as net_revenue_lift_low,
    judged.revenue_lift + judged.revenue_margin as net_revenue_lift_high,
    judged.order_lift / nullif(judged.hold_out_orders_mean, 0) as relative_orders_lift,
    judged.order_lift * judged.treated_exposures as incremental_orders,
    cast(judged.revenue_lift * judged.treated_exposures as decimal(18, 4)) as incremental_net_revenue,
    cast(judged.discount_cost as decimal(18, 4)) as discount_cost,
    case when judged.discount_cost > 0 then judged.revenue_lift * judged.treated_exposures / judged.discount_cost end
        as incremental_return,
    judged.planned_hold_out_share,
    judged.hold_out_units / cast(judged.units as double) as hold_out_share,
    judged.sample_ratio_p_value,
    coalesce(judged.sample_ratio_p_value < parameters.sample_ratio_alpha, false) as is_sample_ratio_broken,
    case
        when judged.sample_ratio_p_value < parameters.sample_ratio_alpha then 'sample ratio broken'
        when least(judged.treated_units, judged.hold_out_units) < parameters.min_units then 'not enough data'
        when
            judged.order_lift - judged.order_below > 0
            and judged.treated_conversions + judged.hold_out_conversions >= parameters.min_conversions
            then 'incremental'
        when
            judged.order_lift + judged.order_above < parameters.smallest_effect
            and judged.rate_lift + judged.rate_above < parameters.smallest_effect
            then 'not incremental: stop the discount'
        else 'not enough data'
    end as verdict,
    '{{ var("reporting_currency") }}' as currency
from judged
cross join parameters

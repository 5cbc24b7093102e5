-- Every point a customer can be at has exactly one rule in each stage model. A row is a point with none or several.
with

digits as (
    {%- for digit in range(10) %}
    select {{ digit }} as digit
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
),

days as (
    select hundreds.digit * 100 + tens.digit * 10 + ones.digit as days_since
    from digits as hundreds
    cross join digits as tens
    cross join digits as ones
    where hundreds.digit * 100 + tens.digit * 10 + ones.digit <= 800
),

orders as (
    select digit as orders_count from digits
    union all
    select 10 as orders_count
),

returns as (
    select true as has_returned
    union all
    select false as has_returned
),

-- The shortest, the usual and the longest time a customer may be silent.
lapses as (
    select cast(value as integer) as lapse_days
    from {{ ref('stage_parameters') }}
    where parameter in ('lapse_min_days', 'lapse_default_days', 'lapse_max_days')
),

points as (
    select
        models.model_id,
        orders.orders_count,
        days.days_since,
        returns.has_returned,
        lapses.lapse_days
    from {{ ref('stage_models') }} as models
    cross join orders
    cross join days
    cross join returns
    cross join lapses
),

rules as (
    select
        *,
        case when from_days <> 'lapse' then cast(from_days as integer) end as fixed_from_days,
        case when to_days <> 'lapse' then cast(to_days as integer) end as fixed_to_days
    from {{ ref('stage_rules') }}
)

select
    points.model_id,
    points.orders_count,
    points.days_since,
    points.has_returned,
    points.lapse_days,
    count(rules.rule_id) as rules_that_hold
from points
left join rules
    on
        points.model_id = rules.model_id
        and points.orders_count >= rules.min_orders
        and (rules.max_orders is null or points.orders_count <= rules.max_orders)
        and (rules.has_returned is null or points.has_returned = rules.has_returned)
        and points.days_since >= coalesce(rules.fixed_from_days, points.lapse_days)
        and (rules.to_days is null or points.days_since < coalesce(rules.fixed_to_days, points.lapse_days))
group by
    points.model_id,
    points.orders_count,
    points.days_since,
    points.has_returned,
    points.lapse_days
having count(rules.rule_id) <> 1

-- Every point a customer can be at has exactly one rule in each stage model. A row is a point with none or several.
with

digits as (
    {%- for digit in range(10) %}
    select {{ digit }} as digit
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}
),

numbers as (
    select hundreds.digit * 100 + tens.digit * 10 + ones.digit as number
    from digits as hundreds
    cross join digits as tens
    cross join digits as ones
),

returns as (
    select true as has_returned
    union all
    select false as has_returned
),

trends as (
    select 'growth' as value_trend
    union all
    select 'plateau' as value_trend
    union all
    select 'decline' as value_trend
),

-- The shortest, the usual and the longest time a customer may be silent.
lapses as (
    select cast(value as integer) as lapse_days
    from {{ ref('stage_parameters') }}
    where parameter in ('lapse_min_days', 'lapse_default_days', 'lapse_max_days')
),

milestones as (
    select
        milestone,
        cast(power(2, dense_rank() over (order by milestone) - 1) as integer) as bit
    from (select distinct milestone from {{ ref('stage_milestones') }}) as names
),

lists as (
    select requires as names from {{ ref('stage_rules') }}
    union
    select unless as names from {{ ref('stage_rules') }}
),

-- Joined by the text, not summed up by rule: two rules of one id must stay two.
bits as (
    select
        lists.names,
        cast(sum(milestones.bit) as integer) as bits
    from lists
    inner join milestones on ' ' || lists.names || ' ' like '% ' || milestones.milestone || ' %'
    group by lists.names
),

rules as (
    select
        rules.*,
        case when rules.from_days <> 'lapse' then cast(rules.from_days as integer) end as fixed_from_days,
        case when rules.to_days <> 'lapse' then cast(rules.to_days as integer) end as fixed_to_days,
        coalesce(required.bits, 0) as required_bits,
        coalesce(excluded.bits, 0) as excluded_bits
    from {{ ref('stage_rules') }} as rules
    left join bits as required on rules.requires = required.names
    left join bits as excluded on rules.unless = excluded.names
),

shortest_lapse as (
    select min(lapse_days) as lapse_days
    from lapses
),

-- Only what a model asks about makes a difference to it.
asked as (
    select
        models.model_id,
        coalesce(bit_or(rules.required_bits | rules.excluded_bits), 0) as bits,
        count(rules.has_returned) > 0 as asks_return,
        count(rules.value_trend) > 0 as asks_trend,
        coalesce(max(case when rules.fixed_from_days is null or (rules.to_days = 'lapse') then 1 else 0 end), 1) = 1
            as asks_lapse
    from {{ ref('stage_models') }} as models
    left join rules on models.model_id = rules.model_id
    group by models.model_id
),

points as (
    select
        asked.model_id,
        orders.number as orders_count,
        days.number as days_since,
        reached.number as milestones,
        returns.has_returned,
        trends.value_trend,
        lapses.lapse_days
    from asked
    inner join numbers as orders on orders.number <= 10
    inner join numbers as days on days.number <= 800
    inner join numbers as reached on (reached.number & asked.bits) = reached.number
    inner join returns on asked.asks_return or not returns.has_returned
    inner join trends on asked.asks_trend or trends.value_trend = 'growth'
    cross join shortest_lapse
    inner join lapses on asked.asks_lapse or shortest_lapse.lapse_days = lapses.lapse_days
)

select
    points.model_id,
    points.orders_count,
    points.days_since,
    points.milestones,
    points.has_returned,
    points.value_trend,
    points.lapse_days,
    count(rules.rule_id) as rules_that_hold
from points
left join rules
    on
        points.model_id = rules.model_id
        and points.orders_count >= rules.min_orders
        and (rules.max_orders is null or points.orders_count <= rules.max_orders)
        and (rules.has_returned is null or points.has_returned = rules.has_returned)
        and (rules.value_trend is null or points.value_trend = rules.value_trend)
        and (points.milestones & rules.required_bits) = rules.required_bits
        and (points.milestones & rules.excluded_bits) = 0
        and points.days_since >= coalesce(rules.fixed_from_days, points.lapse_days)
        and (rules.to_days is null or points.days_since < coalesce(rules.fixed_to_days, points.lapse_days))
group by all
having count(rules.rule_id) <> 1

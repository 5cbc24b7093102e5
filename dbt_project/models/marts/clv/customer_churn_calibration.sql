with

held_out as (
    select * from {{ ref('int_clv__held_out') }}
    where probability_of_silence is not null
),

purchases as (
    select * from {{ ref('int_clv__purchases') }}
),

parameters as (
    select
        cast(
            least(
                max(value) filter (where parameter = 'churn_horizon_days'),
                max(value) filter (where parameter = 'clv_holdout_days')
            ) as integer
        ) as horizon_days
    from {{ ref('segment_parameters') }}
),

outcomes as (
    select
        -- Sums of decimals do not hang on the order of the rows.
        least(cast(floor(held_out.probability_of_silence * 10) as integer), 9) as probability_tenth,
        cast(held_out.probability_of_silence as decimal(9, 6)) as predicted,
        case when purchases.order_days_soon_after_split = 0 then 1 else 0 end as actual
    from held_out
    inner join purchases on held_out.customer_key = purchases.customer_key
)

select
    outcomes.probability_tenth,
    parameters.horizon_days,
    cast(count(*) as bigint) as customers,
    cast(sum(outcomes.predicted) as double) as expected_silent,
    cast(sum(outcomes.actual) as bigint) as actual_silent,
    cast(
        sum((outcomes.predicted - outcomes.actual) * (outcomes.predicted - outcomes.actual)) as double
    ) as squared_error
from outcomes
cross join parameters
group by outcomes.probability_tenth, parameters.horizon_days

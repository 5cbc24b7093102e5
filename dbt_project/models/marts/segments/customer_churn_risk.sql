with

purchases as (
    select * from {{ ref('int_clv__purchases') }}
),

predicted as (
    select * from {{ ref('int_clv__predicted') }}
),

bands as (
    select * from {{ ref('churn_bands') }}
),

parameters as (
    select
        max(value) filter (where parameter = 'rhythm_prior_gaps') as prior_gaps,
        cast(max(value) filter (where parameter = 'churn_horizon_days') as integer) as horizon_days
    from {{ ref('segment_parameters') }}
),

shop as (
    select sum(recency_days) / cast(nullif(sum(frequency), 0) as double) as mean_gap_days
    from purchases
),

-- A few gaps say little: they are pulled towards the shop's mean, the less the more of them there are.
rhythms as (
    select
        purchases.customer_key,
        purchases.last_ordered_on,
        purchases.frequency,
        parameters.horizon_days,
        (purchases.recency_days + parameters.prior_gaps * shop.mean_gap_days)
        / (purchases.frequency + parameters.prior_gaps) as expected_gap_days
    from purchases
    cross join parameters
    cross join shop
),

dated as (
    select
        *,
        cast({{ plus_days('last_ordered_on', 'ceil(expected_gap_days)') }} as date) as expected_next_order_on
    from rhythms
)

select
    dated.customer_key,
    bands.band_id,
    predicted.probability_of_silence as probability_no_order,
    dated.horizon_days,
    predicted.probability_alive,
    dated.frequency as gaps_count,
    dated.expected_gap_days,
    dated.last_ordered_on,
    dated.expected_next_order_on,
    case
        when dated.expected_next_order_on < {{ last_day() }}
            then cast({{ days_between('dated.expected_next_order_on', last_day()) }} as integer)
        when dated.expected_next_order_on is not null then 0
    end as overdue_days,
    predicted.reason
from dated
inner join predicted on dated.customer_key = predicted.customer_key
left join bands
    on
        predicted.probability_of_silence >= bands.from_probability
        and (predicted.probability_of_silence < bands.to_probability or bands.to_probability is null)

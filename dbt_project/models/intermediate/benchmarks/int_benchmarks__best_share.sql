-- What the best customers bring of the revenue, best and revenue meaning what they do in customer_pareto: who gave back
-- more than they paid has no share to give.
with

claims as (
    select * from {{ ref('benchmark_claims') }}
    where counted = 'revenue of the best fifth'
),

totals as (
    select * from {{ ref('int_kpis__buyer_totals') }}
),

-- Whoever gave back every order is no customer there.
standing as (
    select * from {{ ref('int_segments__order_habits') }}
),

buyers as (
    select
        totals.customer_key,
        greatest(totals.net_revenue, 0) as revenue
    from totals
    inner join standing on totals.customer_key = standing.customer_key
),

parameters as (
    select max(value) filter (where parameter = 'pareto_top_share') as top_share
    from {{ ref('segment_parameters') }}
),

ranked as (
    select
        revenue,
        row_number() over (order by revenue desc, customer_key asc) as place,
        count(*) over () as customers
    from buyers
),

marked as (
    select
        ranked.revenue,
        cast(ranked.revenue as double) as amount,
        ranked.place <= ceil(ranked.customers * parameters.top_share) as is_best
    from ranked
    cross join parameters
),

summed as (
    select
        sum(revenue) filter (where is_best) as best_revenue,
        sum(revenue) as revenue,
        count(*) as customers,
        count(*) filter (where is_best) as best_customers,
        min(amount) filter (where is_best) as threshold,
        sum(amount) filter (where is_best) as best_amount,
        sum(amount) as amount,
        sum(amount * amount) filter (where is_best) as best_squares,
        sum(amount * amount) as squares
    from marked
),

-- Of a point of the Lorenz curve, free of a distribution: C. M. Beach and R. Davidson, Review of Economic Studies 50
-- (1983), 723-735. One of the best adds what they bring beyond the least of the best, as who is among them is itself
-- found in the sample; everybody takes off the share of what they bring; on average that is nothing.
deviated as (
    select
        *,
        best_amount / nullif(amount, 0) as share,
        best_customers * threshold / customers as shift,
        best_amount - best_customers * threshold as excess,
        best_squares - 2 * threshold * best_amount + best_customers * threshold * threshold as excess_squares,
        best_squares - threshold * best_amount as excess_by_amount
    from summed
)

select
    claims.claim_id,
    deviated.best_revenue as numerator,
    deviated.revenue as denominator,
    cast(null as bigint) as base_numerator,
    cast(null as bigint) as base_denominator,
    deviated.customers as units,
    sqrt(greatest(
        deviated.excess_squares + deviated.share * deviated.share * deviated.squares
        + deviated.customers * deviated.shift * deviated.shift
        - 2 * deviated.share * deviated.excess_by_amount
        + 2 * deviated.shift * deviated.excess
        - 2 * deviated.share * deviated.shift * deviated.amount,
        0
    )) / nullif(deviated.amount, 0) as standard_error
from claims
cross join deviated

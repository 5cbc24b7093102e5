-- What each claim about visits, carts and baskets says, summed over everything this shop knows, and how much the
-- logarithm of a ratio of means would vary: what happens on one day belongs together.
{%- set measures = {
    'opened checkouts': ['abandoned_checkouts', 'checkouts', 'null', 'null'],
    'items added': ['repeat_cart_adds', 'repeat_sessions', 'new_cart_adds', 'new_sessions'],
    'conversion': ['repeat_converted_sessions', 'repeat_sessions', 'new_converted_sessions', 'new_sessions'],
    'basket': ['repeat_revenue', 'repeat_orders', 'new_revenue', 'new_customers'],
} %}
with

claims as (
    select * from {{ ref('benchmark_claims') }}
),

measures as (
    select * from {{ ref('int_kpis__visits_daily') }}
    union all
    select * from {{ ref('int_kpis__sales_daily') }}
),

claim_measures as (
    {%- for counted, names in measures.items() %}
    select
        '{{ counted }}' as counted,
        '{{ names[0] }}' as numerator,
        '{{ names[1] }}' as denominator,
        '{{ names[2] }}' as base_numerator,
        '{{ names[3] }}' as base_denominator
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

days as (
    select
        claims.claim_id,
        {%- for part in ['numerator', 'denominator', 'base_numerator', 'base_denominator'] %}
        sum(measures.value) filter (where measures.measure = claim_measures.{{ part }}) as {{ part }},
        {%- endfor %}
        measures.date
    from claims
    inner join claim_measures on claims.counted = claim_measures.counted
    inner join measures
        on measures.measure in (
            claim_measures.numerator,
            claim_measures.denominator,
            claim_measures.base_numerator,
            claim_measures.base_denominator
        )
    group by claims.claim_id, measures.date
),

totals as (
    select
        claim_id,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        sum(base_numerator) as base_numerator,
        sum(base_denominator) as base_denominator,
        count(*) as units
    from days
    group by claim_id
),

-- The ratio of two sums, linearised (W. G. Cochran, Sampling Techniques, 1977, chapter 6), for each of the two means.
deviations as (
    select
        days.claim_id,
        sum(power(
            coalesce(days.numerator, 0) / cast(nullif(totals.numerator, 0) as double)
            - coalesce(days.denominator, 0) / cast(nullif(totals.denominator, 0) as double)
            - coalesce(days.base_numerator, 0) / cast(nullif(totals.base_numerator, 0) as double)
            + coalesce(days.base_denominator, 0) / cast(nullif(totals.base_denominator, 0) as double), 2
        )) as squares
    from days
    inner join totals on days.claim_id = totals.claim_id
    group by days.claim_id
)

select
    totals.claim_id,
    totals.numerator,
    totals.denominator,
    totals.base_numerator,
    totals.base_denominator,
    totals.units,
    case when totals.units > 1 then sqrt(deviations.squares * totals.units / (totals.units - 1)) end as standard_error
from totals
inner join deviations on totals.claim_id = deviations.claim_id

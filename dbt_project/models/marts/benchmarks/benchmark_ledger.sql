with

claims as (
    select * from {{ ref('benchmark_claims') }}
),

counted_customers as (
    select * from {{ ref('int_benchmarks__customers') }}
),

counted_totals as (
    select * from {{ ref('int_benchmarks__totals') }}
),

counted as (
    select
        claim_id,
        cast(numerator as double) as numerator,
        cast(denominator as double) as denominator,
        cast(base_numerator as double) as base_numerator,
        cast(base_denominator as double) as base_denominator
    from counted_customers
    union all
    select
        claim_id,
        cast(numerator as double) as numerator,
        cast(denominator as double) as denominator,
        cast(base_numerator as double) as base_numerator,
        cast(base_denominator as double) as base_denominator
    from counted_totals
),

measured as (
    select
        claims.*,
        counted.numerator,
        counted.denominator,
        counted.base_numerator,
        counted.base_denominator,
        case
            when claims.shape like 'share%' and counted.denominator > 0 then counted.numerator / counted.denominator
            when
                claims.shape like 'ratio%'
                and counted.denominator > 0 and counted.base_denominator > 0 and counted.base_numerator > 0
                then (counted.numerator / counted.denominator) / (counted.base_numerator / counted.base_denominator)
        end as value,
        -- Of the logarithm of a ratio of two shares (D. Katz and others, Biometrics 34, 1978).
        case
            when
                claims.shape = 'ratio_of_shares'
                and counted.numerator > 0 and counted.base_numerator > 0
                and counted.denominator > 0 and counted.base_denominator > 0
                then sqrt(
                    1 / counted.numerator - 1 / counted.denominator
                    + 1 / counted.base_numerator - 1 / counted.base_denominator
                )
        end as log_error
    from claims
    left join counted on claims.claim_id = counted.claim_id
),

bounded as (
    select
        *,
        case shape
            when 'share' then {{ wilson_bound('numerator', 'denominator', '-') }}
            when 'ratio_of_shares' then value * exp(-1.959963984540054 * log_error)
        end as lower_bound,
        case shape
            when 'share' then {{ wilson_bound('numerator', 'denominator', '+') }}
            when 'ratio_of_shares' then value * exp(1.959963984540054 * log_error)
        end as upper_bound
    from measured
)

select
    claim_id,
    statement,
    quoted_value,
    value,
    cast(numerator as decimal(18, 4)) as numerator,
    cast(denominator as decimal(18, 4)) as denominator,
    cast(base_numerator as decimal(18, 4)) as base_numerator,
    cast(base_denominator as decimal(18, 4)) as base_denominator,
    lower_bound,
    upper_bound,
    -- A range that the interval touches cannot be ruled out.
    case
        when value is null then 'not measurable'
        when
            coalesce(upper_bound, value) >= coalesce(holds_from, value)
            and coalesce(lower_bound, value) <= coalesce(holds_to, value)
            then 'holds'
        when
            coalesce(upper_bound, value) >= coalesce(weaker_from, value)
            and coalesce(lower_bound, value) <= coalesce(weaker_to, value)
            then 'weaker'
        else 'contradicted'
    end as verdict,
    case
        when shape = 'survey' then 'a survey among customers; a shop''s data cannot say'
        when value is null then 'the shop has no data that could say, or nobody was watched long enough'
    end as reason,
    horizon_days,
    source
from bounded

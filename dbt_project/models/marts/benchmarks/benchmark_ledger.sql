with

claims as (
    select * from {{ ref('benchmark_claims') }}
),

all_counted as (
    {%- for relation in ['customers', 'returned', 'totals', 'best_share'] %}
    select * from {{ ref('int_benchmarks__' ~ relation) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

parameters as (
    select max(value) filter (where parameter = 'ledger_min_units') as min_units
    from {{ ref('kpi_parameters') }}
),

counted as (
    select
        claim_id,
        units,
        {%- for part in ['numerator', 'denominator', 'base_numerator', 'base_denominator'] %}
        cast({{ part }} as double) as {{ part }},
        {%- endfor %}
        standard_error
    from all_counted
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
        case when counted.units >= parameters.min_units then counted.standard_error end as standard_error,
        case
            when claims.shape = 'ratio_of_means' and counted.units >= parameters.min_units then counted.standard_error
            -- Of the logarithm of a ratio of two shares (D. Katz and others, Biometrics 34, 1978).
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
    cross join parameters
    left join counted on claims.claim_id = counted.claim_id
),

bounded as (
    select
        *,
        case shape
            when 'share' then {{ wilson_bound('numerator', 'denominator', '-') }}
            when 'share_of_money'
                then
                    case
                        when standard_error is not null
                            then greatest(value - 1.959963984540054 * standard_error, 0)
                    end
            else value * exp(-1.959963984540054 * log_error)
        end as lower_bound,
        case shape
            when 'share' then {{ wilson_bound('numerator', 'denominator', '+') }}
            when 'share_of_money'
                then
                    case
                        when standard_error is not null
                            then least(value + 1.959963984540054 * standard_error, 1)
                    end
            else value * exp(1.959963984540054 * log_error)
        end as upper_bound
    from measured
),

judged as (
    select
        *,
        case
            when value is null then 'not measurable'
            when lower_bound is null then 'too few'
            -- A range that the interval touches cannot be ruled out; one that reaches from there to what speaks against
            -- the claim rules out nothing.
            when upper_bound >= coalesce(holds_from, upper_bound) and lower_bound <= coalesce(holds_to, lower_bound)
                then
                    case
                        when lower_bound < coalesce(weaker_from, lower_bound) then 'too few'
                        when upper_bound > coalesce(weaker_to, upper_bound) then 'too few'
                        else 'holds'
                    end
            when upper_bound >= coalesce(weaker_from, upper_bound) and lower_bound <= coalesce(weaker_to, lower_bound)
                then 'weaker'
            else 'contradicted'
        end as verdict
    from bounded
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
    verdict,
    case
        when shape = 'survey' then 'a survey among customers; a shop''s data cannot say'
        when value is null then 'the shop has no data that could say, or nobody was watched long enough'
        when verdict = 'too few' and lower_bound is null then 'too few customers or days for an interval'
        when verdict = 'too few' then 'too few cases: the interval bears the claim out as well as it speaks against it'
    end as reason,
    horizon_days,
    source
from judged

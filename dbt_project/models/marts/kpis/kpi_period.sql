with

measures as (
    select * from {{ ref('kpi_measures_period') }}
),

definitions as (
    select * from {{ ref('kpi_definitions') }}
),

series as (
    select distinct
        measure,
        dimension,
        dimension_value
    from measures
),

periods as (
    select distinct
        period_type,
        period_start
    from measures
),

totals as (
    select * from measures
    where dimension = 'all'
),

wanted as (
    select distinct
        definitions.metric,
        coalesce(series.dimension, 'all') as dimension,
        coalesce(series.dimension_value, 'all') as dimension_value
    from definitions
    left join series on series.measure in (definitions.numerator, definitions.denominator)
),

-- A channel that one side of a ratio never met has 0 there wherever that side is known at all.
sides as (
    select
        periods.period_type,
        periods.period_start,
        wanted.metric,
        wanted.dimension,
        wanted.dimension_value,
        definitions.denominator is not null as is_ratio,
        definitions.factor,
        definitions.unit,
        coalesce(numerators.value, case when all_numerators.value is not null then 0 end) as numerator,
        coalesce(denominators.value, case when all_denominators.value is not null then 0 end) as denominator,
        coalesce(all_numerators.is_complete, false)
        and (definitions.denominator is null or coalesce(all_denominators.is_complete, false)) as is_complete,
        all_numerators.kind = 'flow' and coalesce(all_denominators.kind, 'flow') = 'flow' as adds_up
    from wanted
    inner join definitions on wanted.metric = definitions.metric
    cross join periods
    left join totals as all_numerators
        on
            definitions.numerator = all_numerators.measure
            and periods.period_type = all_numerators.period_type
            and periods.period_start = all_numerators.period_start
    left join totals as all_denominators
        on
            definitions.denominator = all_denominators.measure
            and periods.period_type = all_denominators.period_type
            and periods.period_start = all_denominators.period_start
    left join measures as numerators
        on
            definitions.numerator = numerators.measure
            and wanted.dimension = numerators.dimension
            and wanted.dimension_value = numerators.dimension_value
            and periods.period_type = numerators.period_type
            and periods.period_start = numerators.period_start
    left join measures as denominators
        on
            definitions.denominator = denominators.measure
            and wanted.dimension = denominators.dimension
            and wanted.dimension_value = denominators.dimension_value
            and periods.period_type = denominators.period_type
            and periods.period_start = denominators.period_start
)

select
    period_type,
    period_start,
    metric,
    dimension,
    dimension_value,
    case
        when not is_ratio then cast(numerator as double)
        when denominator <> 0 then factor * cast(numerator as double) / cast(denominator as double)
    end as value,
    cast(numerator as decimal(18, 4)) as numerator,
    cast(denominator as decimal(18, 4)) as denominator,
    unit,
    case when unit = 'money' then '{{ var("reporting_currency") }}' end as currency,
    is_complete,
    coalesce(adds_up, false) as adds_up
from sides

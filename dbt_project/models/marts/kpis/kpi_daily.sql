-- A day without an event counts 0 inside the period a measure's group is known for, and NULL outside: where there is no
-- advertising data at all, the acquisition cost is unknown, not free.
with

measures as (
    select * from {{ ref('kpi_measures_daily') }}
),

definitions as (
    select * from {{ ref('kpi_definitions') }}
),

by_dimension as (
    select
        date,
        measure_group,
        measure,
        'all' as dimension,
        'all' as dimension_value,
        sum(value) as value
    from measures
    group by date, measure_group, measure
    union all
    select
        date,
        measure_group,
        measure,
        'channel' as dimension,
        channel as dimension_value,
        value
    from measures
),

-- Orders and refunds are known up to the end; of the other groups only what has arrived.
known_periods as (
    select
        measure_group,
        min(date) as known_from,
        case
            when measure_group in ('orders', 'refunds', 'registrations') then {{ last_day() }}
            else max(date)
        end as known_to
    from measures
    group by measure_group
),

bounds as (
    select
        min(known_from) as first_day,
        {{ last_day() }} as last_day
    from known_periods
),

days as (
    select {{ each_day('first_day', 'last_day') }} as date
    from bounds
),

series as (
    select distinct
        measure_group,
        measure,
        dimension,
        dimension_value
    from by_dimension
),

dense as (
    select
        days.date,
        series.measure,
        series.dimension,
        series.dimension_value,
        case
            when days.date between known_periods.known_from and known_periods.known_to
                then coalesce(by_dimension.value, 0)
        end as value
    from series
    cross join days
    inner join known_periods on series.measure_group = known_periods.measure_group
    left join by_dimension
        on
            series.measure = by_dimension.measure
            and series.dimension = by_dimension.dimension
            and series.dimension_value = by_dimension.dimension_value
            and days.date = by_dimension.date
),

wanted as (
    select distinct
        definitions.metric,
        definitions.numerator as numerator_measure,
        definitions.denominator as denominator_measure,
        definitions.unit,
        days.date,
        coalesce(series.dimension, 'all') as dimension,
        coalesce(series.dimension_value, 'all') as dimension_value
    from definitions
    cross join days
    left join series on series.measure in (definitions.numerator, definitions.denominator)
)

select
    wanted.date,
    wanted.metric,
    wanted.dimension,
    wanted.dimension_value,
    case
        when wanted.denominator_measure is null then cast(numerators.value as double)
        when denominators.value <> 0 then cast(numerators.value as double) / cast(denominators.value as double)
    end as value,
    cast(numerators.value as decimal(18, 4)) as numerator,
    cast(denominators.value as decimal(18, 4)) as denominator,
    wanted.unit,
    case when wanted.unit = 'money' then '{{ var("reporting_currency") }}' end as currency
from wanted
left join dense as numerators
    on
        wanted.numerator_measure = numerators.measure
        and wanted.dimension = numerators.dimension
        and wanted.dimension_value = numerators.dimension_value
        and wanted.date = numerators.date
left join dense as denominators
    on
        wanted.denominator_measure = denominators.measure
        and wanted.dimension = denominators.dimension
        and wanted.dimension_value = denominators.dimension_value
        and wanted.date = denominators.date

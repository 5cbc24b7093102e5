-- A period without an event counts 0 inside the days a measure's group is known for, and NULL outside: where there is
-- no advertising data at all, the acquisition cost is unknown, not free.
{%- set period_types = ['day', 'week', 'month', 'quarter', 'year'] %}
with

daily as (
    select * from {{ ref('kpi_measures_daily') }}
),

bounds as (
    select
        min(date) as first_day,
        {{ last_day() }} as last_day
    from daily
),

-- Orders and refunds are known from the first day of the shop to the last; of the other groups only what has arrived.
known_days as (
    select
        daily.measure_group,
        case
            when daily.measure_group in ('orders', 'refunds', 'registrations') then min(bounds.first_day)
            else min(daily.date)
        end as known_from,
        case
            when daily.measure_group in ('orders', 'refunds', 'registrations') then max(bounds.last_day)
            else max(daily.date)
        end as known_to
    from daily
    cross join bounds
    group by daily.measure_group
),

days as (
    select {{ each_day('first_day', 'last_day') }} as date
    from bounds
),

periods as (
    {%- for period_type in period_types %}
    select distinct
        '{{ period_type }}' as period_type,
        {{ period_start(period_type, 'date') }} as period_start,
        {{ next_period(period_type, period_start(period_type, 'date')) }} as next_start
    from days
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- Each customer has one channel, so that unique customers add up over channels, though not over days.
summed as (
    {%- for period_type in period_types %}
    select
        '{{ period_type }}' as period_type,
        {{ period_start(period_type, 'date') }} as period_start,
        measure,
        case when grouping(channel) = 1 then 'all' else 'channel' end as dimension,
        case when grouping(channel) = 1 then 'all' else channel end as dimension_value,
        sum(value) as value
    from daily
    where period_type in ('every', '{{ period_type }}')
    group by {{ period_start(period_type, 'date') }}, measure, rollup (channel)
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

series as (
    select distinct
        measure,
        dimension,
        dimension_value
    from summed
),

dense as (
    select
        periods.period_type,
        periods.period_start,
        periods.next_start,
        series.measure,
        series.dimension,
        series.dimension_value,
        measures.kind,
        known_days.known_from,
        known_days.known_to,
        case
            when periods.next_start > known_days.known_from and periods.period_start <= known_days.known_to
                then coalesce(summed.value, 0)
        end as value
    from series
    cross join periods
    inner join {{ ref('kpi_measures') }} as measures on series.measure = measures.measure
    inner join known_days on measures.measure_group = known_days.measure_group
    left join summed
        on
            series.measure = summed.measure
            and series.dimension = summed.dimension
            and series.dimension_value = summed.dimension_value
            and periods.period_type = summed.period_type
            and periods.period_start = summed.period_start
)

select
    period_type,
    period_start,
    measure,
    dimension,
    dimension_value,
    kind,
    -- What there is at the end of a period is the sum of all changes up to it.
    cast(case
        when kind = 'stock' and value is not null
            then sum(value) over (
                partition by period_type, measure, dimension, dimension_value order by period_start
            )
        else value
    end as decimal(18, 4)) as value,
    known_from <= period_start
    and known_to >= cast(next_start - interval 1 day as date)
    -- Of the last day that is known only a part may be.
    and next_start <= {{ local_date(as_of()) }} as is_complete
from dense

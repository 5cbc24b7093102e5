-- What can be added up: one number per day, measure and channel. Ratios are made from these, never averaged.
{%- set families = [
    'int_kpis__sales_daily', 'int_kpis__customers_daily', 'int_kpis__visits_daily', 'int_kpis__marketing_daily',
    'int_kpis__referrers_daily',
] %}
with

{% for family in families -%}
{{ family }} as (
    select * from {{ ref(family) }}
),

{% endfor -%}
measures as (
    select * from {{ ref('kpi_measures') }}
),

parts as (
    select * from {{ ref('kpi_measure_parts') }}
),

counted as (
    {%- for family in families %}
    select * from {{ family }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

combined as (
    select
        counted.date,
        counted.channel,
        counted.period_type,
        parts.measure,
        counted.value * parts.factor as value
    from counted
    inner join parts on counted.measure = parts.part
    union all
    select
        date,
        channel,
        period_type,
        measure,
        value
    from counted
),

totals as (
    select
        date,
        period_type,
        measure,
        channel,
        cast(sum(value) as decimal(18, 4)) as value
    from combined
    group by date, period_type, measure, channel
)

select
    totals.date,
    totals.period_type,
    measures.measure_group,
    totals.measure,
    totals.channel,
    totals.value
from totals
left join measures on totals.measure = measures.measure

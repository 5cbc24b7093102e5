-- Every day of the shop, for BI tools that want a calendar and for the semantic layer.
{{ config(materialized='view') }}
with

days as (
    select distinct period_start as date
    from {{ ref('kpi_measures_period') }}
    where period_type = 'day'
)

select
    date,
    {{ period_start('week', 'date') }} as week_start,
    {{ period_start('month', 'date') }} as month_start,
    {{ period_start('quarter', 'date') }} as quarter_start,
    {{ period_start('year', 'date') }} as year_start
from days

-- Rates to the reporting currency as half-open intervals of days; the reporting currency itself counts 1 for ever.
with

fx_rates as (
    select * from {{ ref('fx_rates') }}
),

rates as (
    select
        from_currency as currency,
        rate,
        valid_from,
        lead(valid_from) over (partition by from_currency order by valid_from) as valid_to
    from fx_rates
    where
        to_currency = '{{ var("reporting_currency") }}'
        and from_currency <> '{{ var("reporting_currency") }}'
    union all
    select
        '{{ var("reporting_currency") }}' as currency,
        1 as rate,
        cast('0001-01-01' as date) as valid_from,
        null as valid_to
)

select
    currency,
    cast(rate as decimal(18, 8)) as rate,
    currency = '{{ var("reporting_currency") }}' as is_reporting_currency,
    valid_from,
    coalesce(valid_to, cast('9999-12-31' as date)) as valid_to
from rates

-- A rate of 0 would make every amount of the currency nothing.
select
    from_currency,
    to_currency,
    valid_from,
    rate
from {{ ref('fx_rates') }}
where rate <= 0 or from_currency = to_currency

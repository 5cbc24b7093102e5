-- What there is to choose from: by month with every dimension, by week of all customers; of a dimension the 12 largest values.
select
    case cohort_event when 'first_order' then 'first order' else cohort_event end || ', by ' || period_type as cohort,
    replace(dimension, '_', ' ') as dimension,
    dimension_value,
    customers
from marts.cohort_splits
where size_rank <= 12 and customers > 0 and (period_type = 'month' or dimension = 'all')
order by cohort_event, period_type, dimension <> 'all', dimension, size_rank

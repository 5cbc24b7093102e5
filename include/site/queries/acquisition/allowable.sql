select
    method,
    dimension_value as channel,
    cac,
    allowable_cac,
    customer_value,
    target_value_to_cost,
    is_above_allowable,
    is_above_value
from marts.acquisition_allowable_cac
where dimension = 'acquisition_channel'
order by method, cac desc nulls last, channel

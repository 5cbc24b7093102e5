select
    method,
    count(*) as channels,
    count(*) filter (where is_above_allowable) as above_allowable,
    count(*) filter (where is_above_value) as above_value
from marts.acquisition_allowable_cac
where dimension = 'acquisition_channel'
group by method
order by method

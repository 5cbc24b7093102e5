select
    measure,
    one_value,
    other_value,
    if(one_value = other_value, 'equal', 'differs') as result
from audit.conservation
order by result, measure

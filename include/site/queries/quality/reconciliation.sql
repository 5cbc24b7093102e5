select
    measure,
    raw_value as lake,
    staging_value as staging,
    mart_value as marts,
    if(raw_value = staging_value and staging_value = mart_value, 'equal', 'differs') as result
from audit.reconciliation
order by result, measure

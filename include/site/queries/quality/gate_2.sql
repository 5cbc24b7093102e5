select
    audit,
    rule,
    passed_at
from meta.gate_2
order by audit, rule

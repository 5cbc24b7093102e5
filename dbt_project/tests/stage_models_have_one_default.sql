-- dim_customers shows one stage: with two defaults it would hold customers twice, with none no stage at all.
select count(*) as defaults
from {{ ref('stage_models') }}
where is_default
having count(*) <> 1

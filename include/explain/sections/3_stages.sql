-- Stage path in the default model, the coming stays included
select history.valid_from, history.valid_to, history.previous_stage, history.stage, rules.description as rule, history.cause
from marts.customer_stage_history as history
inner join seeds.stage_models as models on history.model_id = models.model_id and models.is_default
left join seeds.stage_rules as rules on history.rule_id = rules.rule_id
where history.customer_key = $customer
order by history.valid_from

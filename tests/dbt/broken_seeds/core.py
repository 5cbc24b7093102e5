"""Stage rules and their parameters, segments, exchange rates."""

BROKEN = {
    "stage_rules_total_and_exclusive": [
        "update stage_rules set to_days = '57' where rule_id = 'rf7_loyal'",
        "update stage_rules set from_days = '57' where rule_id = 'rf7_at_risk'",
        "update stage_parameters set value = 20 where parameter = 'lapse_min_days'",
        "update stage_rules set requires = null where rule_id = 'growth5_advocacy'",
        "update stage_rules set unless = null where rule_id = 'cdp4_acquisition'",
        "update stage_rules set value_trend = 'growth' where rule_id = 'value_phase_plateau'",
        "update stage_rules set has_returned = null where rule_id = 'visitor5_returned'",
        "insert into stage_models values ('m', 'M', 'a model without rules', false)",
    ],
    "stages_and_rules_agree": [
        "delete from stages where model_id = 'rf7' and stage = 'loyal'",
        "update stages set stage = 'loyall' where model_id = 'rf7' and stage = 'loyal'",
        "update stages set next_stages = 'activ' where model_id = 'visitor5' and stage = 'new'",
        "update stages set next_stages = 'just_bought_2 activ' where model_id = 'rf7' and stage = 'dormant'",
        "update stages set lost_to_stage = 'lapsed' where model_id = 'visitor5' and stage = 'new'",
        "update stages set horizon_days = null where model_id = 'visitor5' and stage = 'new'",
    ],
    "stages_have_metrics": [
        "delete from stage_metrics where model_id = 'growth5' and stage = 'advocacy'",
        "update stage_metrics set stage = 'loyall' where model_id = 'rf7' and stage = 'loyal'",
    ],
    "stage_rules_ask_for_known_milestones": [
        "update stage_rules set requires = 'refered' where rule_id = 'growth5_advocacy'",
        "update stage_rules set unless = 'signed_up faild_trial' where rule_id = 'relationship5_exploration'",
        "delete from stage_milestones where milestone = 'referred'",
    ],
    "segments_name_known_stages": [
        "update segments set stage = 'loyall' where segment_id = 'loyal'",
        "update segments set model_id = 'visitor5' where segment_id = 'loyal'",
    ],
    "stage_models_have_one_default": [
        "update stage_models set is_default = true",
        "update stage_models set is_default = false",
    ],
    "stage_parameters_are_complete": [
        "delete from stage_parameters where parameter = 'lapse_default_days'",
        "delete from stage_parameters where parameter = 'lapse_rhythm_factor'",
        "delete from stage_parameters where parameter = 'lapse_rhythm_min_orders'",
        "delete from stage_parameters where parameter = 'lapse_min_days'",
        "delete from stage_parameters where parameter = 'lapse_max_days'",
        "delete from stage_parameters where parameter = 'lapse_rhythm_shrinkage'",
        "delete from stage_parameters where parameter = 'value_growth_ratio'",
        "delete from stage_parameters where parameter = 'value_decline_ratio'",
        "delete from stage_parameters where parameter = 'dropoff_watch_gap'",
        "delete from stage_parameters where parameter = 'dropoff_critical_gap'",
        "update stage_parameters set value = 1.2 where parameter = 'value_decline_ratio'",
        "update stage_parameters set value = 400 where parameter = 'lapse_min_days'",
        "update stage_parameters set value = 1 where parameter = 'lapse_rhythm_min_orders'",
    ],
    "fx_rates_are_positive": [
        "update fx_rates set rate = 0",
        "update fx_rates set to_currency = from_currency",
    ],
}

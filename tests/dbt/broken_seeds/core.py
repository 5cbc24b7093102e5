"""Stage rules and their parameters, segments, exchange rates."""

BROKEN = {
    "stage_rules_total_and_exclusive": [
        "update stage_rules set to_days = '57' where rule_id = 'rf7_loyal'",
        "update stage_rules set from_days = '57' where rule_id = 'rf7_at_risk'",
        "update stage_parameters set value = 20 where parameter = 'lapse_min_days'",
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
        "update stage_parameters set value = 400 where parameter = 'lapse_min_days'",
        "update stage_parameters set value = 1 where parameter = 'lapse_rhythm_min_orders'",
    ],
    "fx_rates_are_positive": [
        "update fx_rates set rate = 0",
        "update fx_rates set to_currency = from_currency",
    ],
}

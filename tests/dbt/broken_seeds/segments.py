"""Segments, their bands, groups and rules."""

BROKEN = {
    "segments_name_known_members": [
        "update segments set member = 'champion' where segment_id = 'rfm_champions'",
        "update segments set kind = 'pareto' where segment_id = 'rfm_champions'",
        "update segments set member = 'loyal' where segment_id = 'loyal'",
        "update segments set stage = 'loyal', model_id = 'rf7' where segment_id = 'pareto_a'",
        "delete from life_events where event_id = 'new_pet'",
        "update active_grid set band_id = 'icy' where band_id = 'cold'",
        "update trait_rules set value = 'golden' where rule_id = 'loyalty_gold'",
    ],
    "segment_bands_leave_no_hole": [
        "update lapsed_ladder set to_days = 179 where rung_id = 'lapsed_90'",
        "update lapsed_ladder set to_days = 720 where rung_id = 'lapsed_360'",
        "delete from pareto_classes where class_id = 'b'",
        "update pareto_classes set from_share = 0.1 where class_id = 'a'",
        "update profitability_bands set from_profit = 0 where band_id = 'unprofitable'",
        "update churn_bands set from_probability = 0.4 where band_id = 'churn_medium'",
        "update active_grid set from_value = 31 where band_id = 'warm'",
        "update active_grid set to_value = 1 where band_id = 'once'",
    ],
    "rfm_groups_total_and_exclusive": [
        "delete from rfm_groups where group_id = 'champions'",
        "update rfm_groups set min_recency = 3 where group_id = 'champions'",
    ],
    "lapsed_ladder_offers_rise": [
        "update lapsed_ladder set offer_level = 1 where rung_id = 'lapsed_180'",
        "update lapsed_ladder set offer_level = 0 where rung_id = 'lapsed_90'",
    ],
    "segment_parameters_are_complete": [
        "delete from segment_parameters where parameter = 'clv_holdout_days'",
        "update segment_parameters set value = 0 where parameter = 'churn_horizon_days'",
        "update segment_parameters set value = 20 where parameter = 'pareto_top_share'",
    ],
}

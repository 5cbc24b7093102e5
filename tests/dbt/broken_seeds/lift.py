"""What campaigns are for, and when they are judged."""

BROKEN = {
    "campaign_map_covers_every_campaign": [
        "delete from campaign_map where campaign_like = '%'",
        "insert into campaign_map from campaign_map where campaign_like = '%'",
        "update campaign_map set priority = 100 where campaign_like = 'lost-%'",
        "update campaign_map set conversion_window_days = 0 where trigger_id = 'newsletter'",
        "update campaign_map set hold_out_share = 10 where trigger_id = 'newsletter'",
        "update campaign_map set campaign_like = 'Black Friday%' where trigger_id = 'black_friday'",
    ],
    "campaign_map_agrees_with_the_playbook": [
        "update campaign_map set conversion_window_days = 7 where trigger_id = 'rf7_new'",
        "update campaign_map set hold_out_share = 0.1 where trigger_id = 'rf7_new'",
        "update campaign_map set trigger_id = 'rf7_nwe' where trigger_id = 'rf7_new'",
        "update campaign_map set conversion_window_days = null where trigger_id = 'other'",
        "update campaign_map set offer_id = 'best_offer' where trigger_id = 'lapsed_bonus_90'",
        "update campaign_map set offer_id = 'coupon' where trigger_id = 'visitor_welcome'",
        "update campaign_map set offer_id = 'coupon' where trigger_id = 'newsletter'",
    ],
    "campaign_parameters_are_complete": [
        "delete from campaign_parameters where parameter = 'lift_min_units'",
        "delete from campaign_parameters where parameter = 'touchpoint_days'",
        "update campaign_parameters set value = 0 where parameter = 'lift_smallest_effect'",
        "update campaign_parameters set value = 1 where parameter = 'sample_ratio_alpha'",
        "update campaign_parameters set value = 1.5 where parameter = 'lift_min_units'",
    ],
}

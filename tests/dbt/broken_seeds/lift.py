"""What campaigns are for, and when they are judged."""

BROKEN = {
    "campaign_map_covers_every_campaign": [
        "delete from campaign_map where campaign_like = '%'",
        "insert into campaign_map from campaign_map where campaign_like = '%'",
        "update campaign_map set priority = 100 where trigger_id = 'lost'",
        "update campaign_map set conversion_window_days = 0 where trigger_id = 'at_risk'",
        "update campaign_map set hold_out_share = 10 where trigger_id = 'newsletter'",
        "update campaign_map set campaign_like = 'Black Friday%' where trigger_id = 'black_friday'",
    ],
    "campaign_parameters_are_complete": [
        "delete from campaign_parameters where parameter = 'lift_min_units'",
        "delete from campaign_parameters where parameter = 'touchpoint_days'",
        "update campaign_parameters set value = 0 where parameter = 'lift_smallest_effect'",
        "update campaign_parameters set value = 1 where parameter = 'sample_ratio_alpha'",
        "update campaign_parameters set value = 1.5 where parameter = 'lift_min_units'",
    ],
}

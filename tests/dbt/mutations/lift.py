"""Campaigns, what they added, the funnel and the touchpoint map."""

CAMPAIGNS = "models/intermediate/campaigns"
LIFECYCLE = "models/marts/lifecycle"
MUTATIONS = [
    (
        f"{CAMPAIGNS}/int_campaigns__mapped.sql",
        "order by campaign_map.priority",
        "order by campaign_map.priority desc",
        "campaigns_first_fit_by_id_or_name",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__mapped.sql",
        "coalesce(playbook.conversion_window_days, matching.conversion_window_days)",
        "matching.conversion_window_days",
        "campaigns_windows_of_the_seven_states",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__mapped.sql",
        "nullif(coalesce(playbook.hold_out_share, matching.hold_out_share), 0)",
        "coalesce(playbook.hold_out_share, matching.hold_out_share)",
        "campaigns_take_window_and_share_from_the_playbook",
    ),
    (
        "seeds/campaign_map.csv",
        "35,at-risk-%,rf7_at_risk",
        "35,at-risk-%,rf7_lost",
        "campaigns_windows_of_the_seven_states",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposures_converted.sql",
        "exposures.window_end >= placed.ordered_at",
        "exposures.window_end > placed.ordered_at",
        "conversions_at_the_ends_of_a_window_of_two_days",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposures_converted.sql",
        "exposures.exposed_at < placed.ordered_at",
        "exposures.exposed_at <= placed.ordered_at",
        "conversions_at_the_ends_of_a_window_of_two_days",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposures_merged.sql",
        "followed.exposed_at = followed.previous_at or not",
        "not",
        "exposures_of_a_daily_series",
    ),
    (
        "macros/engine/moments_apart.sql",
        "next[1] > taken[-1]",
        "next[1] >= taken[-1]",
        "exposures_a_repeat_within_the_window_is_one",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposures.sql",
        "counted.window_end < {{ as_of() }}",
        "counted.window_end <= {{ as_of() }}",
        "exposures_stage_at_that_moment",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposures_by_arm.sql",
        "* units / (units - 1.0)",
        "",
        "arms_mean_and_variance_of_single_messages",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposures_paired.sql",
        "full outer join hold_out",
        "inner join hold_out",
        "paired_arm_without_anybody",
    ),
    (
        "models/marts/campaigns/campaign_lift.sql",
        "then 'sample ratio broken'",
        "then 'incremental'",
        "campaign_lift_sample_ratio",
    ),
    (
        "models/marts/campaigns/campaign_lift.sql",
        "judged.order_lift + judged.order_above < parameters.smallest_effect",
        "judged.order_lift < parameters.smallest_effect",
        "campaign_lift_verdicts",
    ),
    (
        f"{LIFECYCLE}/sales_funnel.sql",
        "full outer join placed",
        "left join placed",
        "sales_funnel_orders_without_a_visit",
    ),
    (
        f"{LIFECYCLE}/stage_touchpoints.sql",
        "('time_passed', 'order_refunded')",
        "('order_refunded')",
        "stage_touchpoints_next_stage_within_the_days",
    ),
    (
        f"{LIFECYCLE}/stage_touchpoints.sql",
        "ordered_at - interval 1 microsecond",
        "ordered_at",
        "stage_touchpoints_of_each_kind",
    ),
]

"""Campaigns, and what they added."""

CAMPAIGNS = "models/intermediate/campaigns"
CAMPAIGNS_MARTS = "models/marts/campaigns"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        "macros/engine/moments_apart.sql",
        "next[1] > taken[-1]",
        "next[1] >= taken[-1]",
        "exposures_a_repeat_within_the_window_is_one",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposed.sql",
        "where event_type = 'sent' and",
        "where event_type in ('sent', 'opened') and",
        "exposed_hold_outs_like_sends",
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
        f"{CAMPAIGNS}/int_campaigns__exposures_by_arm.sql",
        "group by source, campaign_id, arm, customer_key",
        "group by source, campaign_id, arm, stage_units.stage, customer_key",
        "arms_unit_is_the_customer_of_a_campaign",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposures_by_arm.sql",
        "sum(campaign_sums.units * campaigns.hold_out_share)",
        "max(campaign_sums.units * campaigns.hold_out_share)",
        "arms_of_a_trigger_add_its_campaigns",
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
        f"{CAMPAIGNS}/int_campaigns__exposures_converted.sql",
        "where is_completed and customer_key",
        "where customer_key",
        "conversions_with_all_orders_of_the_window",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposures_converted.sql",
        "exposures.customer_key = placed.customer_key",
        "exposures.customer_key = placed.customer_key and exposures.arm = 'treated'",
        "conversions_in_the_windows_of_two_messages",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposures_merged.sql",
        "followed.exposed_at = followed.previous_at or not",
        "not",
        "exposures_of_a_daily_series",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposures_paired.sql",
        "full outer join hold_out",
        "inner join hold_out",
        "paired_arm_without_anybody",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__exposures_paired.sql",
        "power(hold_out.revenue_variance, 2) / (hold_out.units - 1)",
        "power(hold_out.revenue_variance, 2) / (treated.units - 1)",
        "paired_spread_of_the_difference",
    ),
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
        f"{CAMPAIGNS_MARTS}/campaign_conversions.sql",
        """'{{ var("reporting_currency") }}'""",
        "'EUR'",
        "campaign_conversions_in_the_reporting_currency",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_lift.sql",
        "then 'sample ratio broken'",
        "then 'incremental'",
        "campaign_lift_sample_ratio",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_lift.sql",
        "judged.order_lift + judged.order_above < parameters.smallest_effect",
        "judged.order_lift < parameters.smallest_effect",
        "campaign_lift_verdicts",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_lift.sql",
        "treated_exposures * cast(hold_out_discount_amount",
        "hold_out_exposures * cast(hold_out_discount_amount",
        "campaign_lift_what_the_messages_added",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_lift.sql",
        "power(hold_out_rate_high - hold_out_rate, 2)",
        "power(hold_out_rate - hold_out_rate_low, 2)",
        "campaign_lift_interval_of_a_difference",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_lift.sql",
        "treated_rate - hold_out_rate as",
        "treated_rate - coalesce(hold_out_rate, 0) as",
        "campaign_lift_zero_hold_outs_and_zero_conversions",
    ),
    (
        "seeds/campaign_map.csv",
        "35,at-risk-%,rf7_at_risk",
        "35,at-risk-%,rf7_lost",
        "campaigns_windows_of_the_seven_states",
    ),
]

"""The playbook, due dates, discounts and the queue."""

CAMPAIGNS = "models/intermediate/campaigns"
QUEUE = "models/marts/campaigns/campaign_triggers.sql"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (QUEUE, "(chosen.offer_cost = 0 or", "(chosen.arm = 'hold_out' or", "triggers_keep_to_the_budget"),
    (QUEUE, "when offered.lacks_its_offer then", "when false then", "triggers_about_an_offer_wait_for_it"),
    (
        f"{CAMPAIGNS}/int_campaigns__services.sql",
        "(last_usage + usage_per_day * {{ days_between(local_date('last_read_at'), last_day() ~ ' - 14') }})",
        "last_usage",
        "services_by_usage_since_the_last_reading",
    ),
    ("seeds/campaign_playbook.csv", "order,,56,67,2,", "order,,56,68,2,", "candidates_rf7_three_orders"),
    ("seeds/campaign_playbook.csv", "order,,180,360,7,", "order,,181,360,7,", "candidates_lapsed_ladder"),
    ("seeds/campaign_playbook.csv", "order,,51,64,12,", "order,,51,64,13,", "offered_conversion_windows_of_the_states"),
    (
        f"{CAMPAIGNS}/int_campaigns__candidates.sql",
        "coalesce(last_actions.last_at < due.occasion_at, true)",
        "true",
        "candidates_abandoned_cart_and_later_order",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__candidates.sql",
        "and playbook.occasion <> 'stage_left'",
        "",
        "candidates_left_stage_and_value",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__candidates.sql",
        "where is_current",
        "where true",
        "candidates_not_of_a_stage_that_ended",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__messages.sql",
        "coalesce(playbook.failed_after_days, playbook.conversion_window_days)",
        "playbook.conversion_window_days",
        "messages_lately_or_of_the_playbook",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__messages.sql",
        "messages.source = campaigns.source and",
        "",
        "messages_lately_or_of_the_playbook",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__messages.sql",
        "    from hold_outs\n",
        "    from hold_outs\n    where false\n",
        "messages_kept_from_a_hold_out",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__eligibility.sql",
        "where not is_held_out",
        "where true",
        "eligibility_a_hold_out_is_no_failed_offer",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__hold_outs.sql",
        "coalesce(accounts.customer_key, emails.customer_key)",
        "coalesce(emails.customer_key, accounts.customer_key)",
        "hold_outs_by_account_before_address",
    ),
    (f"{CAMPAIGNS}/int_campaigns__members.sql", "3, 1) - 1", "3, 1)", "members_born_on_29_february"),
    (
        f"{CAMPAIGNS}/int_campaigns__replenishment.sql",
        "rebuys.rebuys_count >= parameters.min_rebuys",
        "rebuys.rebuys_count > 0",
        "replenishment_personal_from_two_rebuys",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__services.sql",
        "least(coalesce(due_by_date, due_by_usage), coalesce(due_by_usage, due_by_date))",
        "coalesce(due_by_date, due_by_usage)",
        "services_earlier_of_date_and_usage",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__eligibility.sql",
        "when policy_max_level <= highest_free_level then",
        "when false then",
        "eligibility_never_to_loyal_or_just_bought",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__eligibility.sql",
        "or messages.sent_at > customers.last_order_at",
        "or true",
        "eligibility_after_the_bare_offer_failed",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__offered.sql",
        "drawn.trigger_draw < playbook.hold_out_share",
        "drawn.trigger_draw >= 1 - playbook.hold_out_share",
        "offered_arms_of_a_quarter",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__offered.sql",
        "and eligibility.max_offer_level >= offers.level",
        "",
        "offered_bare_when_the_discount_is_withheld",
    ),
    (QUEUE, "sent.recent >= offered.cap_messages", "sent.recent > offered.cap_messages", "triggers_frequency_cap"),
    (QUEUE, "chosen.cost_so_far <= parameters.offer_budget", "true", "triggers_keep_to_the_budget"),
    (QUEUE, "then 0 else 1 end, priority", "then 0 else 1 end, priority desc", "triggers_one_message_per_customer"),
]

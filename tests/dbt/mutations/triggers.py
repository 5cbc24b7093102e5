"""Who may get a discount, the arms of the experiment, and the queue."""

CAMPAIGNS = "models/intermediate/campaigns"
CAMPAIGNS_MARTS = "models/marts/campaigns"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        f"{CAMPAIGNS}/int_campaigns__eligibility.sql",
        "where not is_held_out",
        "where true",
        "eligibility_a_hold_out_is_no_failed_offer",
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
        f"{CAMPAIGNS}/int_campaigns__eligibility.sql",
        "customers.orders_count >= parameters.rhythm_min_orders",
        "true",
        "eligibility_not_whoever_would_buy_without",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__eligibility.sql",
        "order by policies.max_level,",
        "order by policies.max_level desc,",
        "eligibility_visitors_and_strangers",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__hold_outs.sql",
        "coalesce(accounts.customer_key, emails.customer_key)",
        "coalesce(emails.customer_key, accounts.customer_key)",
        "hold_outs_by_account_before_address",
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
    (
        f"{CAMPAIGNS}/int_campaigns__offered.sql",
        "['candidates.trigger_id', 'candidates.customer_key']",
        "['candidates.customer_key']",
        "offered_arms_stay_when_the_share_grows",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__offered.sql",
        "playbook.hold_out_share > 0 and drawn.global_draw",
        "drawn.global_draw",
        "offered_global_hold_out",
    ),
    (
        f"{CAMPAIGNS}/int_campaigns__offered.sql",
        "'drawn.item', 'drawn.occasion_at'",
        "'drawn.item'",
        "offered_key_names_the_cause",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_triggers.sql",
        "(chosen.offer_cost = 0 or",
        "(chosen.arm = 'hold_out' or",
        "triggers_keep_to_the_budget",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_triggers.sql",
        "when offered.lacks_its_offer then",
        "when false then",
        "triggers_about_an_offer_wait_for_it",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_triggers.sql",
        "sent.recent >= offered.cap_messages",
        "sent.recent > offered.cap_messages",
        "triggers_frequency_cap",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_triggers.sql",
        "chosen.cost_so_far <= parameters.offer_budget",
        "true",
        "triggers_keep_to_the_budget",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_triggers.sql",
        "then 0 else 1 end, priority",
        "then 0 else 1 end, priority desc",
        "triggers_one_message_per_customer",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_triggers.sql",
        "and messages.offer_id is not distinct from offered.offer_id",
        "",
        "triggers_are_not_sent_twice",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_triggers.sql",
        "select * from {{ ref('int_campaigns__messages') }}",
        "select * from {{ ref('int_campaigns__messages') }}\n    where not is_held_out",
        "triggers_hold_outs_move_on",
    ),
    (
        f"{CAMPAIGNS_MARTS}/campaign_triggers.sql",
        "case when offered.action = 'ads_audience' then 'ads' else offered.action end = consents.channel",
        "consents.channel is not null",
        "triggers_need_consent_for_their_channel",
    ),
]

"""Orders, customers, stages, consent and money."""

TOUCHPOINTS = "models/intermediate/touchpoints"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        "macros/latest_records.sql",
        "where recency = 1 and _deleted_at is null",
        "where recency = 1",
        "stg_orders_deleted_at_the_source",
    ),
    (
        "macros/latest_records.sql",
        "_deleted_at < {{ as_of() }} and",
        "_deleted_at <= {{ as_of() }} and",
        "stg_orders_deleted_at_the_source",
    ),
    (
        "macros/latest_records.sql",
        "and last_landings._loaded_at > landed._loaded_at",
        "and false",
        "stg_order_lines_of_an_edited_order",
    ),
    # The shift is consistent, so the grid of the rules stays green: only the literal days can tell.
    ("seeds/stage_rules.csv", "3,,,,,,20,56,", "3,,,,,,20,57,", "intervals_rf7_three_orders"),
    ("seeds/stage_rules.csv", "3,,,,,,56,113,", "3,,,,,,57,113,", "intervals_rf7_three_orders"),
    (
        "models/intermediate/orders/int_refunds__totals.sql",
        "min(refunded_at) filter (where refunded_so_far >= paid_amount and paid_amount > 0)",
        "min(refunded_at) filter (where false)",
        "refunds_total_fully_refunded_by_the_second_refund",
    ),
    (
        "models/intermediate/orders/int_orders__identified.sql",
        "over (partition by customer_key, is_completed order by ordered_at, order_key)",
        "over (partition by customer_key order by ordered_at, order_key)",
        "orders_identified_are_numbered_per_customer",
    ),
    (
        "models/marts/core/customer_consents.sql",
        "order by changed_at desc, status desc, change_key asc",
        "order by changed_at desc, status asc, change_key asc",
        "consents_withdrawal_wins_in_the_same_second",
    ),
    (
        "models/intermediate/customers/int_customers__identities.sql",
        """["'customer'", 'elders.identity_type', 'elders.identity_key']""",
        """["'customer'", 'elders.identity_key']""",
        "identities_account_and_guest_order_of_one_number",
    ),
    (
        "models/intermediate/lifecycle/int_lifecycle__events.sql",
        "where not is_completed and customer_key is not null",
        "where false",
        "events_only_completed_orders_of_customers",
    ),
    (
        "models/intermediate/lifecycle/int_lifecycle__states.sql",
        "and event_at >= {{ plus_days(",
        "and event_at > {{ plus_days(",
        "states_returned_on_day_90",
    ),
    (
        "models/intermediate/lifecycle/int_lifecycle__order_states.sql",
        "events.event_number < orders.refund_event_number",
        "true",
        "order_states_full_refund_takes_the_order_back",
    ),
    (
        "models/intermediate/lifecycle/int_lifecycle__stays.sql",
        "or lead(valid_from) over customer_model <> valid_to,",
        ",",
        "stays_a_hole_is_not_bridged",
    ),
    (
        "models/intermediate/lifecycle/int_lifecycle__shop_rhythms.sql",
        "months.order_month > counted.order_month",
        "months.order_month >= counted.order_month",
        "shop_rhythms_know_only_the_past",
    ),
    (
        "models/intermediate/lifecycle/int_lifecycle__rhythms.sql",
        "when expected.expected_gap_days is not null",
        "when true",
        "rhythms_own_median_shrunk_to_the_shops",
    ),
    (
        "models/intermediate/lifecycle/int_lifecycle__profile_rules.sql",
        "and (profiles.milestones & rules.excluded_bits) = 0",
        "",
        "profile_rules_milestones",
    ),
    (
        "models/intermediate/lifecycle/int_lifecycle__steps.sql",
        "or lapse_days is distinct from lag(lapse_days) over customer_events",
        "",
        "steps_of_a_changed_rhythm",
    ),
    (
        "models/intermediate/lifecycle/int_lifecycle__dropoffs.sql",
        "and mature_entries.horizon_end >= stays.valid_from",
        "",
        "dropoffs_within_the_horizon",
    ),
    (
        "models/intermediate/orders/int_refunds__matched.sql",
        "and refunds.refunded_at >= orders.ordered_at",
        "",
        "refunds_before_the_order_match_nothing",
    ),
    (
        f"{TOUCHPOINTS}/int_sessions__identified.sql",
        "having min(accounts.customer_key) = max(accounts.customer_key)",
        "",
        "sessions_of_a_shared_device",
    ),
    (
        f"{TOUCHPOINTS}/int_consents__changes.sql",
        "('unsubscribed', 'spam_reported')",
        "('spam_reported')",
        "consents_change_by_unsubscribing",
    ),
    ("macros/audience.sql", "channel = '{{ channel }}' and is_granted", "is_granted", "pub_loyal_only_with_consent"),
    ("macros/audience.sql", "where is_granted", "where true", "pub_lapsed_only_with_consent"),
    (
        "macros/latest_records.sql",
        "order by _loaded_at desc",
        "order by _loaded_at asc",
        "stg_customers_latest_load_wins",
    ),
    (
        "models/intermediate/touchpoints/int_subscriptions__identified.sql",
        "and customer_keys.lookup_type = 'account'",
        "",
        "subscriptions_keep_unknown_customers",
    ),
    (
        "models/intermediate/lifecycle/int_lifecycle__first_touches.sql",
        "'subscriptions', 'started_at'",
        "'subscriptions', 'renews_at'",
        "first_touches_of_subscriptions",
    ),
    ("models/staging/shop/stg_shop__orders.sql", "ordered_at < ", "ordered_at <= ", "stg_orders_known_at_as_of"),
    (
        "macros/in_reporting_currency.sql",
        "round({{ amount }} * {{ rates }}.rate, {{ var('reporting_minor_units') }})",
        "{{ amount }} * {{ rates }}.rate",
        "order_lines_are_rounded_one_by_one",
    ),
    (
        "models/marts/lifecycle/stage_flow_links.sql",
        "to_stages.stage_order <= from_stages.stage_order",
        "to_stages.stage_order > from_stages.stage_order",
        "flow_links_back_has_a_node_of_its_own",
    ),
    (
        "models/marts/lifecycle/stage_flow_links.sql",
        "flows.date > last_days.last_day - windows.period_days",
        "flows.date >= last_days.last_day - windows.period_days",
        "flow_links_back_has_a_node_of_its_own",
    ),
]

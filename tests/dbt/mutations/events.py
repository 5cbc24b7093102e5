"""What happened to customers, and the rhythm they order in."""

LIFECYCLE = "models/intermediate/lifecycle"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        f"{LIFECYCLE}/int_lifecycle__events.sql",
        "where not is_completed and customer_key is not null",
        "where false",
        "events_only_completed_orders_of_customers",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__events.sql",
        "unioned.event_at, event_types.event_rank,",
        "event_types.event_rank, unioned.event_at,",
        "events_order_before_registration",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__events.sql",
        "event_types.event_rank,",
        "event_types.event_rank desc,",
        "events_same_second_as_the_registration",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__events.sql",
        "event_types.event_rank, unioned.cause_id",
        "event_types.event_rank, unioned.cause_id desc",
        "events_same_second_orders",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__events.sql",
        "and refunds.refunded_at is distinct from orders.fully_refunded_at",
        "",
        "events_partial_and_full_refunds",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__events.sql",
        "and (refunds.order_key is null or orders.order_key is not null)",
        "and orders.order_key is not null",
        "events_customer_known_by_a_refund_only",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__first_touches.sql",
        "'subscriptions', 'started_at'",
        "'subscriptions', 'renews_at'",
        "first_touches_of_subscriptions",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__first_touches.sql",
        "sessions.started_at > first_of_sessions.first_session_at",
        "sessions.started_at >= first_of_sessions.first_session_at",
        "first_touches_of_sessions",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__first_touches.sql",
        "where channel = 'email' and status = 'granted'",
        "where channel = 'email'",
        "first_touches_only_granted_consents_and_clicks",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__first_touches.sql",
        "and (touches.event_type = 'first_session' or milestones.event_type is not null)",
        "",
        "first_touches_nobody_asks_for",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__gaps.sql",
        "when days_since_previous >= 1 then",
        "when true then",
        "gaps_between_orders",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__moves.sql",
        "{{ local_date('moved_at') }}",
        "cast(moved_at as date)",
        "moves_days_of_the_shop",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__rhythms.sql",
        "when expected.expected_gap_days is not null",
        "when true",
        "rhythms_own_median_shrunk_to_the_shops",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__rhythms.sql",
        "coalesce(shop_rhythms.median_gap_days, rhythms.own_gap_days)",
        "coalesce(shop_rhythms.median_gap_days, 0)",
        "rhythms_without_a_shop_median",
    ),
    (f"{LIFECYCLE}/int_lifecycle__rhythms.sql", "least(parameters.max_days, ", "least(9999, ", "rhythms_have_bounds"),
    (
        f"{LIFECYCLE}/int_lifecycle__rhythms.sql",
        "rows between {{ var('rhythm_gaps') | int - 1 }} preceding",
        "rows between unbounded preceding",
        "rhythms_only_the_latest_nine_gaps",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__rhythms.sql",
        "- 0.5 }} preceding and current row",
        "+ 0.5 }} preceding and current row",
        "rhythms_value_trend",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__rhythms.sql",
        "revenues.recent_revenue > parameters.growth_ratio",
        "revenues.recent_revenue >= parameters.growth_ratio",
        "rhythms_of_orders_without_amount",
    ),
    (
        f"{LIFECYCLE}/int_lifecycle__shop_rhythms.sql",
        "months.order_month > counted.order_month",
        "months.order_month >= counted.order_month",
        "shop_rhythms_know_only_the_past",
    ),
]

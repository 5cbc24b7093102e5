"""Visits, carts, e-mails, reviews, and what customers agreed to."""

TOUCHPOINTS = "models/intermediate/touchpoints"
CORE = "models/marts/core"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        f"{TOUCHPOINTS}/int_ad_performance__converted.sql",
        "{{ in_reporting_currency('ad_performance.spend') }}",
        "ad_performance.spend",
        "ad_performance_in_the_reporting_currency",
    ),
    (
        f"{TOUCHPOINTS}/int_carts__identified.sql",
        "orders.order_key is null as is_abandoned",
        "carts.order_key is null as is_abandoned",
        "carts_abandoned_unless_they_became_an_order",
    ),
    (
        f"{TOUCHPOINTS}/int_consents__changes.sql",
        "('unsubscribed', 'spam_reported')",
        "('spam_reported')",
        "consents_change_by_unsubscribing",
    ),
    (
        f"{TOUCHPOINTS}/int_consents__changes.sql",
        "having count(*) filter (where links.status = 'merges') = 0",
        "having count(*) = 0",
        "consents_change_of_a_shared_address",
    ),
    (
        f"{TOUCHPOINTS}/int_consents__changes.sql",
        "where consents.purpose = 'marketing'",
        "where true",
        "consents_change_by_what_was_recorded",
    ),
    (
        f"{TOUCHPOINTS}/int_customers__acquired.sql",
        "order by started_at, session_key",
        "order by started_at desc, session_key",
        "acquired_by_the_first_visit",
    ),
    (f"{TOUCHPOINTS}/int_customers__acquired.sql", "where order_sequence = 1", "where true", "acquired_at_the_till"),
    (f"{TOUCHPOINTS}/int_customers__acquired.sql", "else 'unknown'", "else 'direct'", "acquired_somehow"),
    (
        f"{TOUCHPOINTS}/int_email_events__identified.sql",
        "coalesce(accounts.customer_key, emails.customer_key)",
        "coalesce(emails.customer_key, accounts.customer_key)",
        "email_events_account_before_address",
    ),
    (
        f"{TOUCHPOINTS}/int_referrals__identified.sql",
        "left join customer_keys as referred\n",
        "inner join customer_keys as referred\n",
        "referrals_keep_unknown_customers",
    ),
    (
        f"{TOUCHPOINTS}/int_reviews__identified.sql",
        "and customer_keys.lookup_type = 'account'",
        "",
        "reviews_keep_unknown_customers",
    ),
    (
        f"{TOUCHPOINTS}/int_sessions__identified.sql",
        "having min(accounts.customer_key) = max(accounts.customer_key)",
        "",
        "sessions_of_a_shared_device",
    ),
    (
        f"{TOUCHPOINTS}/int_sessions__identified.sql",
        "order by channel_rules.priority",
        "order by channel_rules.priority desc",
        "sessions_channel_of_each_origin",
    ),
    (
        f"{TOUCHPOINTS}/int_sessions__identified.sql",
        "coalesce(accounts.customer_key, visitors.customer_key)",
        "accounts.customer_key",
        "sessions_of_a_known_device",
    ),
    (
        f"{TOUCHPOINTS}/int_sessions__identified.sql",
        "where is_completed and session_key",
        "where session_key",
        "sessions_count_completed_orders",
    ),
    (
        f"{TOUCHPOINTS}/int_subscriptions__identified.sql",
        "and customer_keys.lookup_type = 'account'",
        "",
        "subscriptions_keep_unknown_customers",
    ),
    (
        f"{CORE}/customer_consents.sql",
        "order by changed_at desc, status desc, change_key asc",
        "order by changed_at desc, status asc, change_key asc",
        "consents_withdrawal_wins_in_the_same_second",
    ),
    (
        f"{CORE}/customer_consents.sql",
        "order by changed_at desc,",
        "order by changed_at asc,",
        "consents_unsubscribed_after_consent",
    ),
    (
        f"{CORE}/customer_consents.sql",
        "order by changed_at desc, status desc,",
        "order by status desc, changed_at desc,",
        "consents_given_again",
    ),
    (
        f"{CORE}/customer_consents.sql",
        "partition by customer_key, channel",
        "partition by customer_key",
        "consents_hold_per_channel",
    ),
]

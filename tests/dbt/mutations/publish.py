"""Who may be contacted at all, and what each audience holds."""

PUBLISH = "models/publish"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    ("macros/audience.sql", "channel = '{{ channel }}' and is_granted", "is_granted", "pub_loyal_only_with_consent"),
    (
        "macros/audience.sql",
        "channel = '{{ channel }}' and is_granted",
        "channel = '{{ channel }}'",
        "pub_lapsed_only_with_consent",
    ),
    (f"{PUBLISH}/pub_ads_lapsed.sql", "channel='ads'", "channel='email'", "pub_ads_lapsed_only_with_consent_to_ads"),
    (f"{PUBLISH}/pub_at_risk.sql", "channel='email'", "channel='sms'", "pub_at_risk_only_with_consent"),
    (f"{PUBLISH}/pub_dormant.sql", "channel='email'", "channel='sms'", "pub_dormant_only_with_consent"),
    (f"{PUBLISH}/pub_messages.sql", " and arm = 'treatment'", "", "pub_messages_only_what_is_to_be_sent"),
    (f"{PUBLISH}/pub_messages.sql", "where not is_held_out", "", "pub_messages_whatever_the_queue_says"),
    (f"{PUBLISH}/pub_new_customers.sql", "channel='email'", "channel='sms'", "pub_new_customers_only_with_consent"),
    (
        f"{PUBLISH}/pub_profiles.sql",
        "where channel = 'email' and is_granted",
        "where is_granted",
        "pub_profiles_only_with_consent",
    ),
    (
        f"{PUBLISH}/pub_profiles.sql",
        "clv.expected_value as",
        "clv.expected_spend as",
        "pub_profiles_take_each_number_from_its_model",
    ),
    (
        f"{PUBLISH}/pub_suppressions.sql",
        "where consents.customer_key is null",
        "",
        "pub_suppressions_hold_out_closes_every_channel",
    ),
    (
        f"{PUBLISH}/pub_suppressions.sql",
        "where not is_granted",
        "where not is_granted and channel = 'email'",
        "pub_suppressions_every_withdrawal",
    ),
    (f"{PUBLISH}/pub_tasks.sql", "is_selected and arm", "arm", "pub_tasks_only_what_is_to_be_done"),
]

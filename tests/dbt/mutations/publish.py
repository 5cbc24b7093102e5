"""Who may be contacted at all, and what each audience holds."""

CUSTOMERS = "models/marts/core/dim_customers.sql"
PUBLISH = "models/publish"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (CUSTOMERS, "< parameters.global_share", "< parameters.global_share / 2", "customers_global_hold_out"),
    (
        f"{PUBLISH}/pub_suppressions.sql",
        "where consents.customer_key is null",
        "",
        "pub_suppressions_hold_out_closes_every_channel",
    ),
    (
        f"{PUBLISH}/pub_profiles.sql",
        "where channel = 'email' and is_granted",
        "where is_granted",
        "pub_profiles_only_with_consent",
    ),
    (f"{PUBLISH}/pub_ads_lapsed.sql", "channel='ads'", "channel='email'", "pub_ads_lapsed_only_with_consent_to_ads"),
    (f"{PUBLISH}/pub_messages.sql", " and arm = 'treatment'", "", "pub_messages_only_what_is_to_be_sent"),
    (f"{PUBLISH}/pub_messages.sql", "where not is_held_out", "", "pub_messages_whatever_the_queue_says"),
    (f"{PUBLISH}/pub_tasks.sql", "is_selected and arm", "arm", "pub_tasks_only_what_is_to_be_done"),
]

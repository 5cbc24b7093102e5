"""Who is one customer, and whose record speaks for them."""

CUSTOMERS = "models/intermediate/customers"
CORE = "models/marts/core"
CUSTOMERS_MARTS = "models/marts/customers"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        f"{CUSTOMERS}/int_customers__evidence.sql",
        "max(started_at) as last_seen_at",
        "min(started_at) as last_seen_at",
        "evidence_of_an_account",
    ),
    (
        f"{CUSTOMERS}/int_customers__evidence.sql",
        "addresses.email_key,",
        "tool_groups.email_key,",
        "evidence_of_the_e_mail_tool",
    ),
    (
        f"{CUSTOMERS}/int_customers__golden.sql",
        "case when survivorship.rule = 'most_frequent' then counted.value_count end desc nulls last,",
        "",
        "golden_most_frequent",
    ),
    (
        f"{CUSTOMERS}/int_customers__golden.sql",
        "counted.recorded_at desc nulls last",
        "counted.recorded_at desc nulls first",
        "golden_most_recent_of_each_field",
    ),
    (
        f"{CUSTOMERS}/int_customers__golden.sql",
        "source_priority.priority end asc nulls last",
        "source_priority.priority end asc nulls first",
        "golden_source_priority",
    ),
    (
        f"{CUSTOMERS}/int_customers__golden.sql",
        "on records.identity_type = identities.identity_type and",
        "on",
        "golden_account_and_guest_order_of_one_number",
    ),
    (
        f"{CUSTOMERS}/int_customers__golden.sql",
        "case when blocked_email.identifier_key is null then records.email end as email",
        "records.email as email",
        "golden_blocked_values_reach_nobody",
    ),
    (
        f"{CUSTOMERS}/int_customers__graph.sql",
        "records.first_seen_at nulls last,",
        "records.first_seen_at nulls first,",
        "graph_numbers_the_elder_first",
    ),
    (
        f"{CUSTOMERS}/int_customers__graph.sql",
        "or min(identity_type) < max(identity_type)",
        "",
        "graph_account_and_guest_order_of_one_number",
    ),
    (f"{CUSTOMERS}/int_customers__graph.sql", "identifier_type = 'profile'", "false", "graph_keeps_the_profile"),
    (
        f"{CUSTOMERS}/int_customers__identities.sql",
        """["'customer'", 'elders.identity_type', 'elders.identity_key']""",
        """["'customer'", 'elders.identity_key']""",
        "identities_account_and_guest_order_of_one_number",
    ),
    (
        f"{CUSTOMERS}/int_customers__identities.sql",
        "coalesce(elder.identity_key, records.identity_key)",
        "records.identity_key",
        "identities_elder_names_the_customer",
    ),
    (f"{CUSTOMERS}/int_customers__keys.sql", "where status = 'merges' and", "where", "keys_of_a_shared_mailbox"),
    (
        f"{CUSTOMERS}/int_customers__keys.sql",
        "where identity_type = 'account'",
        "where true",
        "keys_of_a_customer_with_everything",
    ),
    (
        f"{CUSTOMERS}/int_customers__links.sql",
        "having count(distinct judged.identity_key) > min(judged.max_accounts)",
        "having count(distinct judged.identity_key) >= min(judged.max_accounts)",
        "links_at_the_cap_and_over_it",
    ),
    (
        f"{CUSTOMERS}/int_customers__links.sql",
        "evidence.identity_type = 'account'\n            and evidence.identity_key = detached.account_key",
        "evidence.identity_key = detached.account_key",
        "links_unmerged_by_hand",
    ),
    (f"{CUSTOMERS}/int_customers__links.sql", "when judged.is_blocked then 'blocked'", "", "links_blocked_values"),
    (
        f"{CUSTOMERS}/int_customers__links.sql",
        "or coalesce(unmerges.identifier_type, '') = ''",
        "",
        "links_unmerged_from_everything",
    ),
    (
        f"{CUSTOMERS}/int_customers__records.sql",
        "least(accounts.registered_at, ordering_accounts.first_ordered_at)",
        "accounts.registered_at",
        "records_first_order_counts_as_first_seen",
    ),
    (
        f"{CUSTOMERS}/int_customers__records.sql",
        "full outer join ordering_accounts",
        "left join ordering_accounts",
        "records_account_known_by_orders_only",
    ),
    (
        f"{CUSTOMERS}/int_customers__records.sql",
        "where account_key is null and email_key is not null",
        "where account_key is null",
        "records_guest_is_an_address",
    ),
    (
        f"{CUSTOMERS}/int_customers__registered.sql",
        "min(registered_at) as",
        "max(registered_at) as",
        "registered_with_the_first_account",
    ),
    (
        f"{CUSTOMERS}/int_customers__registered.sql",
        "count(*) filter (where identity_type = 'account')",
        "count(*)",
        "registered_without_an_account",
    ),
    (
        "models/marts/contacts/contacts.sql",
        "    phone_source,",
        "    email_source as phone_source,",
        "contacts_say_where_each_field_is_from",
    ),
    (
        f"{CORE}/dim_customers.sql",
        "< parameters.global_share",
        "< parameters.global_share / 2",
        "customers_global_hold_out",
    ),
    (
        f"{CORE}/dim_customers.sql",
        "sum(refunded_amount - refunded_tax_amount)",
        "sum(refunded_amount)",
        "customers_money_and_orders",
    ),
    (
        f"{CORE}/dim_customers.sql",
        "coalesce(order_totals.orders_count, 0)",
        "order_totals.orders_count",
        "customers_who_never_bought",
    ),
    (f"{CORE}/dim_customers.sql", "where is_default", "where true", "customers_stage_of_the_default_model"),
    (
        f"{CUSTOMERS_MARTS}/customer_identifiers.sql",
        "having count(distinct grouped.customer_key) > min(rules.max_accounts)",
        "having count(*) > 99",
        "identifiers_shared_device_attaches_nobody",
    ),
    (
        f"{CUSTOMERS_MARTS}/customer_identifiers.sql",
        "coalesce(cast(first_seen_at as varchar), '9')",
        "''",
        "identifiers_first_link_attached_it",
    ),
    (
        f"{CUSTOMERS_MARTS}/customer_identifiers.sql",
        "where identity_type = 'account'",
        "where true",
        "identifiers_list_the_account_itself",
    ),
    (
        f"{CUSTOMERS_MARTS}/customer_merge_log.sql",
        "first_seen_at nulls last,",
        "first_seen_at desc nulls last,",
        "merge_log_names_the_link",
    ),
    (
        f"{CUSTOMERS_MARTS}/customer_profile.sql",
        "loyalty_id_source || '|' || loyalty_id",
        "loyalty_id",
        "profile_hides_the_card_number",
    ),
]

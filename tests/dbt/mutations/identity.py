"""Who is one customer, and whose record speaks for them."""

CUSTOMERS = "models/intermediate/customers"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
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
    (
        f"{CUSTOMERS}/int_customers__links.sql",
        "when judged.is_blocked then 'blocked'",
        "",
        "links_blocked_values",
    ),
    (
        f"{CUSTOMERS}/int_customers__graph.sql",
        "records.first_seen_at nulls last,",
        "records.first_seen_at nulls first,",
        "graph_numbers_the_elder_first",
    ),
    (
        f"{CUSTOMERS}/int_customers__keys.sql",
        "where status = 'merges' and",
        "where",
        "keys_of_a_shared_mailbox",
    ),
    (
        f"{CUSTOMERS}/int_customers__records.sql",
        "least(accounts.registered_at, ordering_accounts.first_ordered_at)",
        "accounts.registered_at",
        "records_first_order_counts_as_first_seen",
    ),
    (
        f"{CUSTOMERS}/int_customers__golden.sql",
        "case when survivorship.rule = 'most_frequent' then counted.value_count end desc nulls last,",
        "",
        "golden_most_frequent",
    ),
    (
        "models/marts/customers/customer_identifiers.sql",
        "having count(distinct grouped.customer_key) > min(rules.max_accounts)",
        "having count(*) > 99",
        "identifiers_shared_device_attaches_nobody",
    ),
    (
        "models/intermediate/touchpoints/int_consents__changes.sql",
        "having count(*) filter (where links.status = 'merges') = 0",
        "having count(*) = 0",
        "consents_change_of_a_shared_address",
    ),
]

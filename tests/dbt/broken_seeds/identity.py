"""Rules of the identity graph, blocked values, the golden record."""

BROKEN = {
    "identity_rules_are_complete": [
        "delete from identity_rules where identifier_type = 'profile'",
        "update identity_rules set identifier_type = 'e-mail' where identifier_type = 'email'",
        "update identity_rules set max_accounts = 0 where identifier_type = 'phone'",
    ],
    "identity_survivorship_is_complete": [
        "delete from identity_survivorship where field = 'birth_date'",
        "update identity_survivorship set rule = 'source_priority' where field = 'email'",
    ],
    "identity_blocked_values_leave_most": [
        "update identity_blocked_values set pattern = '%@%' where pattern = 'test@%'",
        "update identity_blocked_values set pattern = '+%' where pattern = '%0000000'",
        "update identity_blocked_values set pattern = 'Test@%' where pattern = 'test@%'",
    ],
}

-- A pattern that starts as wide as it ends (%, %@%) would block every address there is.
select
    identifier_type,
    pattern
from {{ ref('identity_blocked_values') }}
where
    pattern <> lower(trim(pattern))
    or 'ann.smith81@example.com' like pattern
    or '+4930123456' like pattern
    or '1004711' like pattern

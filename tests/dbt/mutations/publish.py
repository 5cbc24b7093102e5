"""Who may be contacted at all, and what each audience holds."""

CUSTOMERS = "models/marts/core/dim_customers.sql"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (CUSTOMERS, "< parameters.global_share", "< parameters.global_share / 2", "customers_global_hold_out"),
]

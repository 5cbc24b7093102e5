"""Buyers and their cohorts."""

KPIS = "models/intermediate/kpis"
COHORTS = "models/marts/cohorts"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (f"{KPIS}/int_kpis__buyer_totals.sql", "interval 729 day", "interval 2 year", "buyer_totals_by_year"),
    (
        f"{KPIS}/int_kpis__buyers.sql",
        "counts.items_count < order_sizes.to_items",
        "counts.items_count <= order_sizes.to_items",
        "buyers_first_order_sizes",
    ),
    (
        f"{KPIS}/int_kpis__buyers.sql",
        "order by amount desc, first_product_key",
        "order by first_product_key",
        "buyers_first_category",
    ),
    (f"{KPIS}/int_kpis__buyers.sql", "where loyalty_id is not null", "where true", "buyers_loyalty_by_any_account"),
    (
        f"{KPIS}/int_kpis__cohort_cells.sql",
        "greatest({{ start }}, {{ period_start(period_type, 'date') }})",
        "{{ period_start(period_type, 'date') }}",
        "cohort_cells_first_bought_as_a_guest",
    ),
    (
        f"{KPIS}/int_kpis__cohort_cells.sql",
        "greatest(first_order_date, refund_date)",
        "refund_date",
        "cohort_cells_earlier_refund_at_age_0",
    ),
    (
        f"{KPIS}/int_kpis__cohort_cells.sql",
        "coalesce(previous_order_date < greatest({{ start }}, {{ period_start(period_type, 'date') }}), true)",
        "true",
        "cohort_cells_count_a_customer_once_a_period",
    ),
    (
        f"{KPIS}/int_kpis__cohort_cells.sql",
        "greatest(first_order_date, refund_date) as date",
        "first_order_date as date",
        "cohort_cells_refund_in_its_own_period",
    ),
    (
        f"{KPIS}/int_kpis__cohort_cells.sql",
        "where date >= {{ start }}",
        "where {{ start }} is not null",
        "cohort_cells_by_registration",
    ),
    (
        f"{KPIS}/int_kpis__cohort_members.sql",
        "period_start(period_type, 'cohort_date')",
        "period_start('month', 'cohort_date')",
        "cohort_members_by_month_and_week",
    ),
    (
        f"{COHORTS}/cohort_retention.sql",
        "case when is_mature then active_customers end",
        "active_customers",
        "cohorts_mask_the_month_that_runs",
    ),
    (f"{COHORTS}/cohort_retention.sql", "left join cells", "inner join cells", "cohorts_show_empty_months"),
    (
        f"{COHORTS}/cohort_retention.sql",
        "{{ local_date(as_of()) }}",
        "cast({{ as_of() }} as date)",
        "cohorts_end_with_the_shops_own_month",
    ),
    (f"{COHORTS}/cohort_retention.sql", ") }} / 7", ") }}", "cohorts_by_week"),
    (f"{COHORTS}/cohort_splits.sql", "where age = 0", "", "cohort_splits_rank_by_all_cohorts"),
    (
        f"{COHORTS}/cohort_value.sql",
        "case when count(*) over ages = count(margin) over ages then sum(margin) over ages end",
        "sum(margin) over ages",
        "cohort_value_of_unknown_cost",
    ),
    (f"{COHORTS}/cohort_value.sql", "cohort_start order by age", "cohort_start, age", "cohort_value_adds_up_by_age"),
]

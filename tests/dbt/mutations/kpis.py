"""Cohorts, metrics, what customers are worth, and the ledger of quoted statistics."""

INTERMEDIATE = "models/intermediate/kpis"
KPIS = "models/marts/kpis"
COHORTS = "models/marts/cohorts"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        f"{INTERMEDIATE}/int_kpis__referrers_daily.sql",
        "and {{ local_date('referrals.referred_at') }} >= buyers.first_order_date",
        "",
        "referrers_of_a_month_count_once",
    ),
    (
        f"{INTERMEDIATE}/int_kpis__cohort_cells.sql",
        "greatest({{ start }}, {{ period_start(period_type, 'date') }})",
        "{{ period_start(period_type, 'date') }}",
        "cohort_cells_first_bought_as_a_guest",
    ),
    (
        f"{KPIS}/kpi_measures_period.sql",
        "and next_start <= {{ local_date(as_of()) }} as is_complete",
        "as is_complete",
        "measures_of_a_day_that_still_runs",
    ),
    (
        f"{INTERMEDIATE}/int_kpis__cohort_cells.sql",
        "greatest(first_order_date, refund_date)",
        "refund_date",
        "cohort_cells_earlier_refund_at_age_0",
    ),
    (
        "models/intermediate/orders/int_orders__priced.sql",
        "case when count(*) = count(goods_cost) then sum(goods_cost) end",
        "sum(goods_cost)",
        "orders_priced_cost_of_goods",
    ),
    (
        f"{INTERMEDIATE}/int_kpis__customers_daily.sql",
        "sequence = 1 or previous",
        "true or previous",
        "customers_of_a_week_count_once",
    ),
    (
        f"{INTERMEDIATE}/int_kpis__refunds.sql",
        "where refunds.order_key is null or orders.order_key is not null",
        "",
        "kpi_refunds_of_orders_that_counted",
    ),
    (
        f"{COHORTS}/cohort_retention.sql",
        "case when is_mature then active_customers end",
        "active_customers",
        "cohorts_mask_the_month_that_runs",
    ),
    (
        f"{COHORTS}/cohort_splits.sql",
        "where age = 0",
        "",
        "cohort_splits_rank_by_all_cohorts",
    ),
    (
        f"{COHORTS}/cohort_value.sql",
        "case when count(*) over ages = count(margin) over ages then sum(margin) over ages end",
        "sum(margin) over ages",
        "cohort_value_of_unknown_cost",
    ),
    (
        f"{KPIS}/kpi_measures_period.sql",
        "when periods.next_start > known_days.known_from and periods.period_start <= known_days.known_to",
        "when true",
        "measures_of_days_without_an_event",
    ),
    (
        f"{KPIS}/acquisition_payback.sql",
        "cohorts.cumulative_contribution >= months.spend",
        "cohorts.cumulative_contribution > months.spend",
        "payback_in_the_month_the_cost_is_reached",
    ),
    (
        f"{KPIS}/acquisition_allowable_cac.sql",
        "methods.cac > methods.customer_value",
        "methods.cac < methods.customer_value",
        "allowable_cac_and_what_is_above_it",
    ),
    (
        "models/intermediate/benchmarks/int_benchmarks__returned.sql",
        "min(orders.order_sequence)",
        "max(orders.order_sequence)",
        "claims_those_who_returned",
    ),
    (
        "models/intermediate/benchmarks/int_benchmarks__best_share.sql",
        "ceil(ranked.customers * parameters.top_share)",
        "round(ranked.customers * parameters.top_share)",
        "claims_of_the_best_fifth",
    ),
    (
        "models/intermediate/benchmarks/int_benchmarks__totals.sql",
        "deviations.squares * totals.units / (totals.units - 1)",
        "deviations.squares",
        "claims_of_means_vary_by_the_day",
    ),
    (
        "models/marts/benchmarks/benchmark_ledger.sql",
        "when lower_bound is null then 'too few'",
        "when lower_bound is null then 'holds'",
        "ledger_too_few",
    ),
    (
        "models/intermediate/benchmarks/int_benchmarks__customers.sql",
        "and buyers.first_order_date <= claims.watched_until",
        "",
        "claims_second_orders_of_the_new",
    ),
    ("macros/statistics/wilson_bound.sql", "+ 0.960364705173531", "", "ledger_interval_as_published"),
    (
        "models/marts/kpis/kpi_headlines.sql",
        "when (change > 0) = (better = 'up') then 'better'",
        "when change > 0 then 'better'",
        "headlines_against_before_and_goal",
    ),
    (
        "models/marts/kpis/kpi_headlines.sql",
        "where period_type in ('week', 'month') and dimension = 'all' and is_complete",
        "where period_type in ('week', 'month') and dimension = 'all'",
        "headlines_against_before_and_goal",
    ),
]

"""The ledger of quoted statistics."""

BENCHMARKS = "models/intermediate/benchmarks"
BENCHMARKS_MARTS = "models/marts/benchmarks"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    ("macros/statistics/wilson_bound.sql", "+ 0.960364705173531", "", "ledger_interval_as_published"),
    (
        f"{BENCHMARKS}/int_benchmarks__best_share.sql",
        "ceil(ranked.customers * parameters.top_share)",
        "round(ranked.customers * parameters.top_share)",
        "claims_of_the_best_fifth",
    ),
    (
        f"{BENCHMARKS}/int_benchmarks__customers.sql",
        "and buyers.first_order_date <= claims.watched_until",
        "",
        "claims_second_orders_of_the_new",
    ),
    (
        f"{BENCHMARKS}/int_benchmarks__customers.sql",
        "and buyers.registration_date <= claims.watched_until",
        "",
        "claims_first_orders_of_registrants",
    ),
    (
        f"{BENCHMARKS}/int_benchmarks__customers.sql",
        "buyers.first_items_count = 1",
        "buyers.first_items_count < claims.from_items",
        "claims_large_first_orders",
    ),
    (
        f"{BENCHMARKS}/int_benchmarks__customers.sql",
        "between from_days and to_days",
        ">= from_days",
        "claims_those_silent_for_months",
    ),
    (
        f"{BENCHMARKS}/int_benchmarks__returned.sql",
        "min(orders.order_sequence)",
        "max(orders.order_sequence)",
        "claims_those_who_returned",
    ),
    (
        f"{BENCHMARKS}/int_benchmarks__totals.sql",
        "deviations.squares * totals.units / (totals.units - 1)",
        "deviations.squares",
        "claims_of_means_vary_by_the_day",
    ),
    (
        f"{BENCHMARKS}/int_benchmarks__totals.sql",
        "['repeat_revenue', 'repeat_orders', 'new_revenue', 'new_customers']",
        "['new_revenue', 'new_customers', 'repeat_revenue', 'repeat_orders']",
        "claims_of_new_against_repeat",
    ),
    (
        f"{BENCHMARKS_MARTS}/benchmark_ledger.sql",
        "when lower_bound is null then 'too few'",
        "when lower_bound is null then 'holds'",
        "ledger_too_few",
    ),
    (
        f"{BENCHMARKS_MARTS}/benchmark_ledger.sql",
        "upper_bound >= coalesce(weaker_from, upper_bound) and",
        "",
        "ledger_verdicts",
    ),
    (
        f"{BENCHMARKS_MARTS}/benchmark_ledger.sql",
        "upper_bound >= coalesce(holds_from, upper_bound)",
        "value >= coalesce(holds_from, value)",
        "ledger_a_range_the_interval_touches_holds",
    ),
    (
        f"{BENCHMARKS_MARTS}/benchmark_ledger.sql",
        "(counted.numerator / counted.denominator) / (counted.base_numerator / counted.base_denominator)",
        "counted.numerator / counted.base_numerator",
        "ledger_ratio_of_shares",
    ),
    (
        f"{BENCHMARKS_MARTS}/benchmark_ledger.sql",
        "when value is null then 'not measurable'",
        "",
        "ledger_says_what_cannot_be_measured",
    ),
]

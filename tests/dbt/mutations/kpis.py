"""Metrics of a period, and the headlines."""

KPIS = "models/marts/kpis"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (f"{KPIS}/kpi_daily.sql", "where period_type = 'day'", "where true", "kpi_daily_are_the_days_of_kpi_period"),
    (
        f"{KPIS}/kpi_headlines.sql",
        "when (change > 0) = (better = 'up') then 'better'",
        "when change > 0 then 'better'",
        "headlines_against_before_and_goal",
    ),
    (
        f"{KPIS}/kpi_headlines.sql",
        "where period_type in ('week', 'month') and dimension = 'all' and is_complete",
        "where period_type in ('week', 'month') and dimension = 'all'",
        "headlines_against_before_and_goal",
    ),
    (
        f"{KPIS}/kpi_period.sql",
        "factor * cast(numerator as double)",
        "cast(numerator as double)",
        "kpi_engagement_rate",
    ),
    (
        f"{KPIS}/kpi_period.sql",
        "and periods.period_start = denominators.period_start",
        "",
        "kpi_transaction_frequency_by_period",
    ),
    (
        f"{KPIS}/kpi_period.sql",
        "coalesce(numerators.value, case when all_numerators.value is not null then 0 end)",
        "numerators.value",
        "kpi_acquisition_cost_over_channels",
    ),
    (
        f"{KPIS}/kpi_period.sql",
        "case when all_numerators.value is not null then 0 end",
        "0",
        "kpi_acquisition_cost_unknown_without_spend",
    ),
    (
        f"{KPIS}/kpi_period.sql",
        "cast(denominator as double)\n    end as value",
        "cast(denominator as double)\n        else 0\n    end as value",
        "kpi_nothing_divided_by_nothing",
    ),
    (
        f"{KPIS}/kpi_period.sql",
        "coalesce(all_numerators.is_complete, false)",
        "true",
        "kpi_is_complete_when_both_sides_are",
    ),
    # A metric is its numerator over its denominator, whichever two measures these are.
    *[
        (
            f"{KPIS}/kpi_period.sql",
            "cast(numerator as double) / cast(denominator as double)",
            "cast(denominator as double) / cast(numerator as double)",
            unit_test,
        )
        for unit_test in [
            "kpi_average_order_value",
            "kpi_average_payment",
            "kpi_acquisition_cost",
            "kpi_cost_per_impression",
            "kpi_conversion_rate",
            "kpi_referral_rate",
            "kpi_cart_abandonment",
            "kpi_churn_is_what_retention_leaves",
        ]
    ],
]

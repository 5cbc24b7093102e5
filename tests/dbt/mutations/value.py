"""What customers are worth, and what acquiring them may cost."""

CLV_MARTS = "models/marts/clv"
KPIS = "models/marts/kpis"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        "models/intermediate/clv/int_clv__purchases.sql",
        "group by customer_key, order_date",
        "group by customer_key, order_date, net_revenue",
        "clv_purchases_by_day",
    ),
    (
        f"{CLV_MARTS}/customer_churn_calibration.sql",
        "as integer), 9)",
        "as integer), 10)",
        "churn_calibration_by_tenth",
    ),
    (f"{CLV_MARTS}/customer_clv.sql", "/ 365.0, 1.0)", "/ 365.0, 0.0)", "clv_simple_and_predicted"),
    (
        f"{CLV_MARTS}/customer_clv_calibration.sql",
        "least(purchases.split_frequency, 7)",
        "purchases.split_frequency",
        "clv_calibration_by_frequency_class",
    ),
    (
        f"{KPIS}/acquisition_allowable_cac.sql",
        "methods.cac > methods.customer_value",
        "methods.cac < methods.customer_value",
        "allowable_cac_and_what_is_above_it",
    ),
    (
        f"{KPIS}/acquisition_allowable_cac.sql",
        "parameters.target_value_to_cost > methods.customer_value",
        "parameters.target_value_to_cost >= methods.customer_value",
        "allowable_cac_at_the_limit",
    ),
    (
        f"{KPIS}/acquisition_allowable_cac.sql",
        "historic_value + expected_value as",
        "expected_value as",
        "allowable_cac_from_the_predicted_value",
    ),
    (
        f"{KPIS}/acquisition_payback.sql",
        "cohorts.cumulative_contribution >= months.spend",
        "cohorts.cumulative_contribution > months.spend",
        "payback_in_the_month_the_cost_is_reached",
    ),
    (
        f"{KPIS}/acquisition_payback.sql",
        "case when is_complete then numerator end as spend",
        "numerator as spend",
        "payback_that_cannot_be_said",
    ),
    (
        f"{KPIS}/kpi_customer_value.sql",
        "nullif(spent.customers_year_before - spent.customers_kept, 0)",
        "nullif(spent.customers_kept, 0)",
        "value_orders_a_year_by_order_by_years",
    ),
    (f"{KPIS}/kpi_customer_value.sql", "* years_kept - cac", "* years_kept", "value_net_of_the_acquisition_cost"),
    (
        f"{KPIS}/kpi_customer_value.sql",
        "sum(net_revenue) as",
        "sum(gross_revenue_last_year) as",
        "value_to_date_deducts_refunds",
    ),
    (f"{KPIS}/kpi_customer_value.sql", "'parameters.costed_share_min'", "'0'", "value_of_unknown_cost"),
    (f"{KPIS}/kpi_customer_value.sql", "and totals.dimension <> 'segment'", "", "value_of_a_segment"),
]

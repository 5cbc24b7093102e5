"""What can be added up per day and channel, and over periods."""

KPIS = "models/intermediate/kpis"
KPIS_MARTS = "models/marts/kpis"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        f"{KPIS}/int_kpis__customers_daily.sql",
        "sequence = 1 or previous",
        "true or previous",
        "customers_of_a_week_count_once",
    ),
    (
        f"{KPIS}/int_kpis__customers_daily.sql",
        "next_period(period_type, period_start(period_type, 'order_date'), -1)",
        "period_start(period_type, 'order_date')",
        "customers_kept_over_the_turn_of_the_year",
    ),
    (
        f"{KPIS}/int_kpis__marketing_daily.sql",
        "from ad_performance\n",
        "from ad_performance\n    where clicks > 0\n",
        "marketing_spend_without_a_sale",
    ),
    (f"{KPIS}/int_kpis__marketing_daily.sql", "select distinct", "select", "marketing_mails_opened_twice"),
    (
        f"{KPIS}/int_kpis__orders.sql",
        "orders.gross_revenue + orders.tax_amount",
        "orders.gross_revenue",
        "kpi_orders_paid_by_two_gateways",
    ),
    (
        f"{KPIS}/int_kpis__orders.sql",
        "orders.gross_revenue - orders.goods_cost",
        "orders.gross_revenue - coalesce(orders.goods_cost, 0)",
        "kpi_orders_of_unknown_cost",
    ),
    (
        f"{KPIS}/int_kpis__orders.sql",
        "order by order_sequence)",
        "order by order_sequence desc)",
        "kpi_orders_of_one_second_and_of_guests",
    ),
    (
        f"{KPIS}/int_kpis__referrers_daily.sql",
        "and {{ local_date('referrals.referred_at') }} >= buyers.first_order_date",
        "",
        "referrers_of_a_month_count_once",
    ),
    (
        f"{KPIS}/int_kpis__refunds.sql",
        "where refunds.order_key is null or orders.order_key is not null",
        "",
        "kpi_refunds_of_orders_that_counted",
    ),
    (
        f"{KPIS}/int_kpis__sales_costs.sql",
        "round(cast(amount as double) * day_index / days_count, 4)",
        "round(cast(amount as double) / days_count, 4) * day_index",
        "sales_costs_over_their_days",
    ),
    (f"{KPIS}/int_kpis__sales_daily.sql", "sum(orders.paid_amount)", "sum(orders.gross_revenue)", "sales_of_one_order"),
    (
        f"{KPIS}/int_kpis__sales_daily.sql",
        "count(orders.customer_key) as",
        "count(*) as",
        "sales_of_guests_and_registrations",
    ),
    (
        f"{KPIS}/int_kpis__social_daily.sql",
        "and actions.action = formulas.action",
        "",
        "social_engagements_by_platform",
    ),
    (
        f"{KPIS}/int_kpis__social_daily.sql",
        "followers - coalesce(followers_before, 0)",
        "followers",
        "social_followers_as_changes",
    ),
    (
        f"{KPIS}/int_kpis__visits_daily.sql",
        "buyers.first_ordered_at < sessions.started_at",
        "buyers.first_ordered_at is not null",
        "visits_of_new_and_repeat_customers",
    ),
    (
        f"{KPIS}/int_kpis__visits_daily.sql",
        "count(checkout_started_at) filter (where is_abandoned)",
        "count(*) filter (where is_abandoned)",
        "carts_left_before_and_in_the_checkout",
    ),
    (
        f"{KPIS_MARTS}/kpi_measures_daily.sql",
        "counted.value * parts.factor",
        "counted.value",
        "measures_email_impressions",
    ),
    (
        f"{KPIS_MARTS}/kpi_measures_daily.sql",
        "from combined\n",
        "from combined\n    where channel <> 'unknown'\n",
        "measures_all_spend_counts",
    ),
    (
        f"{KPIS_MARTS}/kpi_measures_daily.sql",
        "counted.value * parts.factor",
        "greatest(counted.value * parts.factor, 0)",
        "measures_net_revenue_on_a_day_of_refunds_only",
    ),
    (
        f"{KPIS_MARTS}/kpi_measures_period.sql",
        "and next_start <= {{ local_date(as_of()) }} as is_complete",
        "as is_complete",
        "measures_of_a_day_that_still_runs",
    ),
    (
        f"{KPIS_MARTS}/kpi_measures_period.sql",
        "when periods.next_start > known_days.known_from and periods.period_start <= known_days.known_to",
        "when true",
        "measures_of_days_without_an_event",
    ),
    (
        f"{KPIS_MARTS}/kpi_measures_period.sql",
        "where period_type in ('every', '{{ period_type }}')",
        "where true",
        "measures_of_unique_customers_by_period",
    ),
    (
        f"{KPIS_MARTS}/kpi_measures_period.sql",
        "when kind = 'stock' and",
        "when kind <> 'stock' and",
        "measures_of_a_stock_run_on",
    ),
]

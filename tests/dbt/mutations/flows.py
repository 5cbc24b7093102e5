"""Stages counted: how many, from where to where, how long; the funnel and the touchpoint map."""

LIFECYCLE = "models/marts/lifecycle"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        f"{LIFECYCLE}/sales_funnel.sql",
        "full outer join placed",
        "left join placed",
        "sales_funnel_orders_without_a_visit",
    ),
    (
        f"{LIFECYCLE}/sales_funnel.sql",
        "cast(visits.sessions_with_order as double)",
        "cast(placed.orders as double)",
        "sales_funnel_conversion_rate",
    ),
    (
        f"{LIFECYCLE}/stage_crosswalk.sql",
        "select * from pairs\n    union all\n    select",
        "select",
        "stage_crosswalk_both_ways",
    ),
    (f"{LIFECYCLE}/stage_daily.sql", "sum(entries - exits)", "sum(entries)", "stage_daily_running_sums"),
    (
        f"{LIFECYCLE}/stage_daily.sql",
        "{{ local_date(as_of()) }} - 1 as last_day",
        "{{ local_date(as_of()) }} as last_day",
        "stage_daily_days_of_the_shop",
    ),
    (
        f"{LIFECYCLE}/stage_dropoff.sql",
        "coalesce(compared.dropoff_goal, compared.dropoff_benchmark)",
        "compared.dropoff_benchmark",
        "stage_dropoff_against_goal_and_benchmark",
    ),
    (
        f"{LIFECYCLE}/stage_flow_links.sql",
        "to_stages.stage_order <= from_stages.stage_order",
        "to_stages.stage_order > from_stages.stage_order",
        "flow_links_back_has_a_node_of_its_own",
    ),
    (
        f"{LIFECYCLE}/stage_flow_links.sql",
        "flows.date > last_days.last_day - windows.period_days",
        "flows.date >= last_days.last_day - windows.period_days",
        "flow_links_back_has_a_node_of_its_own",
    ),
    (
        f"{LIFECYCLE}/stage_flows.sql",
        "{{ local_date(as_of()) }} - 1",
        "{{ local_date(as_of()) }}",
        "stage_flows_from_to",
    ),
    (
        f"{LIFECYCLE}/stage_forecast.sql",
        "unbounded preceding and current row",
        "current row and current row",
        "stage_forecast_adds_up",
    ),
    (
        f"{LIFECYCLE}/stage_kpis.sql",
        "and is_complete and value is not null",
        "and value is not null",
        "stage_kpis_last_month_against_goal_and_benchmark",
    ),
    (
        f"{LIFECYCLE}/stage_touchpoints.sql",
        "('time_passed', 'order_refunded')",
        "('order_refunded')",
        "stage_touchpoints_next_stage_within_the_days",
    ),
    (
        f"{LIFECYCLE}/stage_touchpoints.sql",
        "ordered_at - interval 1 microsecond",
        "ordered_at",
        "stage_touchpoints_of_each_kind",
    ),
    (
        f"{LIFECYCLE}/stage_velocity.sql",
        "stays_up_to >= 0.5 * stays_in_all",
        "stays_up_to > 0.5 * stays_in_all",
        "stage_velocity_percentiles",
    ),
]

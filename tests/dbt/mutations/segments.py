"""Segments, and what stands behind them."""

SEGMENTS_MARTS = "models/marts/segments"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        "models/intermediate/segments/int_segments__order_habits.sql",
        "orders.order_date > parameters.before_loyalty",
        "orders.order_date >= parameters.before_loyalty",
        "order_habits_of_the_last_year",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_active_grid.sql",
        "customers.recency_days < recency.to_value",
        "customers.recency_days <= recency.to_value",
        "active_grid_boundaries",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_categories.sql",
        "where exceptions.order_key is null or not exceptions.is_fully_refunded",
        "where true",
        "categories_money_and_cost",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_category_gaps.sql",
        "sum(bought.customers) as customers",
        "count(*) as customers",
        "category_gaps_best_first_and_no_more_than_asked",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_category_gaps.sql",
        "together.customers >= parameters.min_support * buyers.customers",
        "true",
        "category_gaps_for_the_pairs_worth_it",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_category_gaps.sql",
        ">= parameters.min_lift * bought.customers * missing.customers",
        ">= 0",
        "category_gaps_below_the_lift",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_churn_risk.sql",
        "max(value) filter (where parameter = 'rhythm_prior_gaps') as prior_gaps",
        "1 as prior_gaps",
        "churn_risk_rhythm_is_shrunk",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_churn_risk.sql",
        "when dated.expected_next_order_on is not null then 0",
        "else 0",
        "churn_risk_without_a_rhythm",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_ideal_profile_gap.sql",
        "best_sizes.customers >= parameters.min_customers",
        "true",
        "ideal_profile_of_the_best",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_lapsed_ladder.sql",
        "entered_at <= {{ as_of() }}",
        "entered_at < {{ as_of() }}",
        "ladder_days_89_and_90",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_lapsed_ladder.sql",
        "leaves_at > {{ as_of() }}",
        "leaves_at >= {{ as_of() }}",
        "ladder_days_179_and_180",
    ),
    (f"{SEGMENTS_MARTS}/customer_lapsed_ladder.sql", "or leaves_at is null", "", "ladder_days_359_and_360"),
    (
        f"{SEGMENTS_MARTS}/customer_pareto.sql",
        "cast(cumulative_revenue - shared_revenue as double)",
        "cast(cumulative_revenue as double)",
        "pareto_classes_by_the_share_before",
    ),
    (f"{SEGMENTS_MARTS}/customer_pareto.sql", ", 0), 1\n", ", 0), 0\n", "pareto_when_nobody_paid"),
    (
        f"{SEGMENTS_MARTS}/customer_profitability.sql",
        "case when count(*) = count(goods_cost) then sum(goods_cost) end",
        "sum(goods_cost)",
        "profitability_after_goods_and_acquisition",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_profitability.sql",
        "and own.channel <> 'unknown'",
        "",
        "profitability_sales_costs_of_no_channel",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_rfm.sql",
        "rank() over (order by orders_count) - 1 as worse_frequency",
        "row_number() over (order by orders_count, customer_key) - 1 as worse_frequency",
        "rfm_ties_get_equal_scores",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_segment_moves.sql",
        "dated.previous_stage = segments.stage",
        "dated.stage = segments.stage",
        "segment_moves_with_reasons",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_segment_overlap.sql",
        "cast(customers as double) / segment_customers",
        "cast(customers as double) / sum(customers) over ()",
        "segment_overlap_both_ways",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_segments.sql",
        "min(segments.priority) as priority",
        "max(segments.priority) as priority",
        "segments_of_every_kind_and_one_primary",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_segments.sql",
        "history.valid_to > {{ as_of() }}",
        "history.valid_to >= {{ as_of() }}",
        "segments_at_as_of",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_traits.sql",
        "min(rules.priority) as priority",
        "max(rules.priority) as priority",
        "traits_first_rule_that_holds",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_traits.sql",
        "max(goods_revenue) filter (where category is not null)",
        "max(goods_revenue)",
        "traits_of_what_is_bought",
    ),
    (
        f"{SEGMENTS_MARTS}/customer_traits.sql",
        "min(categories.first_ordered_on)",
        "max(categories.first_ordered_on)",
        "traits_life_events_begin_and_end",
    ),
]

"""Segments and lifetime value."""

SEGMENTS = "models/marts/segments"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        f"{SEGMENTS}/customer_rfm.sql",
        "rank() over (order by orders_count) - 1 as worse_frequency",
        "row_number() over (order by orders_count, customer_key) - 1 as worse_frequency",
        "rfm_ties_get_equal_scores",
    ),
    (
        f"{SEGMENTS}/customer_lapsed_ladder.sql",
        "entered_at <= {{ as_of() }}",
        "entered_at < {{ as_of() }}",
        "ladder_days_89_and_90",
    ),
    (
        f"{SEGMENTS}/customer_pareto.sql",
        "cast(cumulative_revenue - shared_revenue as double)",
        "cast(cumulative_revenue as double)",
        "pareto_classes_by_the_share_before",
    ),
    (
        f"{SEGMENTS}/customer_profitability.sql",
        "case when count(*) = count(goods_cost) then sum(goods_cost) end",
        "sum(goods_cost)",
        "profitability_after_goods_and_acquisition",
    ),
    (
        f"{SEGMENTS}/customer_profitability.sql",
        "and own.channel <> 'unknown'",
        "",
        "profitability_sales_costs_of_no_channel",
    ),
    (
        f"{SEGMENTS}/customer_category_gaps.sql",
        "sum(bought.customers) as customers",
        "count(*) as customers",
        "category_gaps_best_first_and_no_more_than_asked",
    ),
    (
        f"{SEGMENTS}/customer_categories.sql",
        "where exceptions.order_key is null or not exceptions.is_fully_refunded",
        "where true",
        "categories_money_and_cost",
    ),
    (
        f"{SEGMENTS}/customer_traits.sql",
        "min(rules.priority) as priority",
        "max(rules.priority) as priority",
        "traits_first_rule_that_holds",
    ),
    (
        f"{SEGMENTS}/customer_segments.sql",
        "min(segments.priority) as priority",
        "max(segments.priority) as priority",
        "segments_of_every_kind_and_one_primary",
    ),
    (
        "models/marts/clv/customer_clv.sql",
        "/ 365.0, 1.0)",
        "/ 365.0, 0.0)",
        "clv_simple_and_predicted",
    ),
    (
        "models/intermediate/clv/int_clv__purchases.sql",
        "group by customer_key, order_date",
        "group by customer_key, order_date, net_revenue",
        "clv_purchases_by_day",
    ),
    (
        f"{SEGMENTS}/customer_segment_overlap.sql",
        "cast(customers as double) / segment_customers",
        "cast(customers as double) / sum(customers) over ()",
        "segment_overlap_both_ways",
    ),
    (
        f"{SEGMENTS}/customer_segment_moves.sql",
        "dated.previous_stage = segments.stage",
        "dated.stage = segments.stage",
        "segment_moves_with_reasons",
    ),
]

"""Measures, their parts, parameters, sizes of first orders, sales costs, quoted statistics."""

BROKEN = {
    "kpi_measure_parts_are_counted": [
        "update kpi_measure_parts set part = 'net_revenue' where part = 'ad_spend'",
        "update kpi_measure_parts set part = 'customers' where part = 'ad_spend'",
    ],
    "kpi_parameters_are_complete": [
        "delete from kpi_parameters where parameter = 'loyal_from_orders'",
        "delete from kpi_parameters where parameter = 'years_kept_max'",
        "delete from kpi_parameters where parameter = 'costed_share_min'",
        "update kpi_parameters set value = 0 where parameter = 'target_value_to_cost'",
    ],
    "kpi_order_sizes_leave_no_gap": [
        "delete from kpi_order_sizes where size_band = '2-3'",
        "update kpi_order_sizes set to_items = 3 where size_band = '2-3'",
        "update kpi_order_sizes set to_items = 9 where size_band = '6+'",
        "update kpi_order_sizes set from_items = 1 where from_items = 0",
    ],
    "sales_costs_can_be_spread": [
        "insert into sales_costs values ('c', '2025-02-01', '2025-01-31', 'fair', null, 1, 'EUR')",
        "insert into sales_costs values ('c', '2025-01-01', '2025-01-31', 'fair', null, -1, 'EUR')",
        "insert into sales_costs values ('c', '2025-01-01', '2025-01-31', 'fair', null, 1, 'XTS')",
    ],
    "benchmark_claims_have_ranges": [
        "update benchmark_claims set quoted_value = 0.9 where claim_id = 'silent_buy_again'",
        "update benchmark_claims set weaker_from = 0.19 where claim_id = 'silent_buy_again'",
        "update benchmark_claims set weaker_to = 0.21 where claim_id = 'silent_buy_again'",
        "update benchmark_claims set horizon_days = null where claim_id = 'never_twice'",
        "update benchmark_claims set from_days = null where claim_id = 'returned_buy_again'",
        "update benchmark_claims set from_items = null where claim_id = 'large_first_order'",
        "update benchmark_claims set to_days = 400 where claim_id = 'new_buy_again'",
    ],
}

"""Rows of a small shop as of 1 February 2025, made so that each number on a page can be worked out by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

Rows = dict[str, list[dict[str, Any]]]


def _month(metric: str, day: str, value: float, unit: str = "count", **more: Any) -> dict[str, Any]:
    row = {"period_type": "month", "period_start": day, "metric": metric, "dimension": "all", "dimension_value": "all"}
    return row | {"value": value, "unit": unit, "is_complete": True} | more


def _headline(position: int, metric: str, name: str, period: str, **more: Any) -> dict[str, Any]:
    start = "2025-01-01" if period == "month" else "2025-01-20"
    row = {"position": position, "metric": metric, "name": name, "period_type": period, "period_start": start}
    return row | {"unit": "count", "better": "up", "goal_status": "no goal"} | more


def _cac(channel: str, day: str, spend: float, customers: int) -> dict[str, Any]:
    row = _month("cac", day, spend / customers if customers else None, "money")
    return row | {"dimension": "channel", "dimension_value": channel, "numerator": spend, "denominator": customers}


def _cohort(start: str, age: int, rate: float | None, worth: float | None, value: str = "all") -> dict[str, Any]:
    row = {"cohort_event": "first_order", "period_type": "month", "dimension_value": value, "cohort_start": start}
    row |= {"dimension": "all" if value == "all" else "acquisition_channel", "age": age, "cohort_customers": 40}
    return row | {"retention_rate": rate, "net_revenue_per_member": worth}


def _stages(day: str, **customers: int) -> list[dict[str, Any]]:
    return [
        {"model_id": "visitor5", "stage": stage, "date": day, "customers": count, "entries": 2, "exits": 1}
        for stage, count in customers.items()
    ]


def _stay(stage: str, start: str, end: str | None, cause: str) -> dict[str, Any]:
    row = {"customer_key": "c1", "model_id": "visitor5", "stage": stage, "valid_from": start, "valid_to": end}
    return row | {"cause": cause}


def _without(rows: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


COHORTS = [
    _cohort("2024-12-01", 0, 1.0, 50.0),
    _cohort("2024-12-01", 1, 0.25, 62.5),
    _cohort("2025-01-01", 0, 1.0, 55.0),
    _cohort("2025-01-01", 1, None, None),
    _cohort("2024-12-01", 0, 1.0, 70.0, "email"),
    _cohort("2024-12-01", 1, 0.5, 90.0, "email"),
]
COHORT_SPLITS = [
    {"cohort_event": "first_order", "period_type": "month", "dimension": "all", "dimension_value": "all"}
    | {"customers": 80, "size_rank": 1, "latest_cohort_start": "2025-01-01"},
    {"cohort_event": "first_order", "period_type": "month", "dimension": "acquisition_channel"}
    | {"dimension_value": "email", "customers": 40, "size_rank": 1, "latest_cohort_start": "2025-01-01"},
]
FLOWS = [("first seen", "new", False, 5), ("new", "active", False, 3), ("returned", "back to active", True, 2)]
SHOP: Rows = {
    "marts.kpi_headlines": [
        _headline(1, "net_revenue", "Net revenue", "month", unit="money", value=6000, value_before=5000, change=1000)
        | {"relative_change": 0.2, "trend": "better"},
        _headline(2, "refund_rate", "Refunded", "month", unit="share", better="down", value=0.06, value_before=0.05)
        | {"change": 0.01, "relative_change": 0.2, "trend": "worse", "goal": 0.05, "goal_status": "missed"},
        _headline(3, "orders", "Orders", "month", goal_status="no data"),
        _headline(1, "net_revenue", "Net revenue", "week", unit="money", value=1400, value_before=1500, change=-100)
        | {"relative_change": -100 / 1500, "trend": "worse"},
    ],
    "marts.kpi_period": [
        _month("net_revenue", "2024-12-01", 5000, "money"),
        _month("net_revenue", "2025-01-01", 6000, "money"),
        _month("net_revenue", "2025-02-01", 3, "money", is_complete=False),
        _month("refund_rate", "2024-12-01", 0.05, "share"),
        _month("refund_rate", "2025-01-01", 0.06, "share"),
        _cac("paid_search", "2024-12-01", 100, 4),
        _cac("paid_search", "2025-01-01", 200, 8),
        _cac("paid_social", "2025-01-01", 50, 0),
    ],
    "marts.stage_daily": [
        *_stages("2025-01-24", visitor=30, new=5, active=10, lapsed=4, returned=1),
        *_stages("2025-01-31", visitor=33, new=6, active=12, lapsed=3, returned=2),
    ],
    "marts.stage_flow_links": [
        {"model_id": "visitor5", "period_days": 28, "link_order": number, "from_stage": start, "to_stage": end}
        | {"from_node": start, "to_node": end, "is_back": back, "customers": count, "customers_by_time": 0}
        for number, (start, end, back, count) in enumerate(FLOWS, start=1)
    ],
    "marts.stage_velocity": [
        {
            "model_id": "visitor5",
            "stage": "new",
            "completed_stays": 9,
            "open_stays": 6,
            "median_days": 12,
            "p90_days": 80,
        },
        {"model_id": "visitor5", "stage": "active", "completed_stays": 0, "open_stays": 12},
    ],
    "marts.stage_dropoff": [
        {"model_id": "visitor5", "stage": "new", "stage_order": 2, "horizon_days": 180, "customers": 6}
        | {"is_empty": False, "entered_customers": 40, "dropped_customers": 24, "dropoff_rate": 0.6}
        | {"dropoff_benchmark": 0.5, "dropoff_goal": 0.55, "goal_gap": 0.05, "severity": "watch"},
    ],
    "marts.stage_forecast": [
        {"model_id": "visitor5", "date": "2025-02-01", "from_stage": "active", "to_stage": "lapsed", "customers": 2},
        {"model_id": "visitor5", "date": "2025-02-07", "from_stage": "active", "to_stage": "lapsed", "customers": 1},
        {"model_id": "visitor5", "date": "2025-02-08", "from_stage": "active", "to_stage": "lapsed", "customers": 50},
    ],
    "marts.cohort_retention": _without(COHORTS, "net_revenue_per_member"),
    "marts.cohort_splits": COHORT_SPLITS,
    "marts.cohort_value": _without([row for row in COHORTS if row["net_revenue_per_member"]], "retention_rate"),
    "marts.acquisition_allowable_cac": [
        {"dimension": "acquisition_channel", "dimension_value": "paid_search", "method": "clv_simple", "cac": 25}
        | {"customer_value": 60, "target_value_to_cost": 3, "allowable_cac": 20, "is_above_allowable": True}
        | {"is_above_value": False},
    ],
    "marts.acquisition_payback": [
        {"cohort_month": "2025-01-01", "dimension": "acquisition_channel", "dimension_value": "paid_search"}
        | {"new_customers": 8, "acquisition_spend": 200, "cac": 25, "status": "not yet"},
    ],
    "marts.fct_ad_performance": [
        {"date": "2025-01-30", "platform": "meta_ads", "campaign_name": "<b>bold & new</b>", "spend": 50}
        | {"impressions": 900, "clicks": 9, "platform_conversions": 0},
    ],
    "marts.campaign_lift": [
        {"trigger_id": "visitor_welcome", "campaign_id": "all", "stage": "all", "treated_exposures": 200}
        | {"treated_conversions": 30, "treated_conversion_rate": 0.15, "hold_out_exposures": 20}
        | {"orders_lift": 0.05, "orders_lift_low": 0.01, "orders_lift_high": 0.09, "verdict": "incremental"}
        | {"treated_customers": 180, "hold_out_customers": 20, "hold_out_share": 0.1, "planned_hold_out_share": 0.1}
        | {"is_sample_ratio_broken": False, "incremental_net_revenue": 500, "discount_cost": 100},
    ],
    "marts.campaign_triggers": [
        {"trigger_key": "t1", "customer_key": "c1", "trigger_id": "visitor_welcome", "arm": "treatment"}
        | {"is_selected": True, "offer_id": "coupon", "offer_cost": 2.5},
        {"trigger_key": "t2", "customer_key": "c2", "trigger_id": "visitor_welcome", "arm": "treatment"}
        | {"is_selected": False, "why_not": "no consent for email"},
    ],
    "marts.customer_segments": [
        {"customer_key": "c1", "segment_id": "loyal", "kind": "stage", "is_primary": True},
        {"customer_key": "c1", "segment_id": "active", "kind": "stage", "is_primary": False},
        {"customer_key": "c2", "segment_id": "active", "kind": "stage", "is_primary": True},
    ],
    "marts.customer_segment_overlap": [
        {"segment_id": "loyal", "other_segment_id": "active", "customers": 1, "segment_customers": 1}
        | {"share_of_segment": 1},
        {"segment_id": "active", "other_segment_id": "loyal", "customers": 1, "segment_customers": 2}
        | {"share_of_segment": 0.5},
    ],
    "marts.customer_segment_moves": [
        {
            "segment_id": "loyal",
            "direction": "entry",
            "date": "2025-01-30",
            "reason": "3 or more orders",
            "customers": 4,
        },
        {"segment_id": "loyal", "direction": "exit", "date": "2025-01-31", "reason": "silent", "customers": 1},
    ],
    "marts.fct_orders": [
        {"order_key": "o1", "order_number": "#1", "customer_key": "c1", "status": "completed", "net_revenue": 19.5}
        | {"currency": "EUR", "ordered_at": "2025-01-31"},
    ],
    "marts.dim_customers": [{"customer_key": "c1"}, {"customer_key": "c2"}],
    "marts.customer_stage_history": [
        _stay("visitor", "2025-01-01", "2025-01-31", "registered"),
        _stay("new", "2025-01-31", "2025-03-01", "order_completed"),
        _stay("lapsed", "2025-03-01", None, "time_passed"),
    ],
    "contacts.contacts": [{"customer_key": "c1", "email": "ann@people.example", "email_source": "shop"}],
    "audit.reconciliation": [
        {"measure": "orders", "raw_value": 7, "staging_value": 7, "mart_value": 7},
        {"measure": "refunds", "raw_value": 3, "staging_value": 3, "mart_value": 2},
    ],
    "audit.conservation": [{"measure": "net revenue", "one_value": 10.25, "other_value": 10.25}],
    "meta.loads": [
        {"source": "shop", "stream": "orders", "file": "a.csv", "load_date": date(2025, 1, 31), "rows_read": 10}
        | {"rows_landed": 9, "rows_refused": 1, "loaded_at": datetime(2025, 2, 1, 3)},  # noqa: DTZ001
    ],
    "meta.quarantine": [
        {"source": "shop", "stream": "orders", "record": 4, "reason": "no currency"},
    ],
}
RUNS = [
    {"run_id": "r1", "audience": "loyal", "destination": "klaviyo", "status": "done", "adds": 5, "updates": 1}
    | {"removes": 0, "confirmed": 5, "started_at": datetime(2025, 2, 1, 4)},  # noqa: DTZ001
    {"run_id": "r2", "audience": "lapsed", "destination": "klaviyo", "status": "blocked", "adds": 0, "updates": 0}
    | {"removes": 80, "snapshot": 100, "error": "blocked, 80 of 100 would go"}
    | {"started_at": datetime(2025, 2, 1, 5)},  # noqa: DTZ001
]
LETTERS = [{"destination": "klaviyo", "audience": "loyal", "operation": "add", "reason": "invalid phone"}]
ONE_CUSTOMER: Rows = {
    "marts.stage_daily": _stages("2025-01-31", visitor=1),
    "marts.stage_velocity": [{"model_id": "visitor5", "stage": "visitor", "completed_stays": 0, "open_stays": 1}],
    "marts.kpi_period": [_month("orders", "2025-01-01", 1), _cac("direct", "2025-01-01", 0, 1)],
    "marts.kpi_headlines": [_headline(2, "orders", "Orders", "month", value=1)],
    "marts.cohort_retention": _without(
        [_cohort("2025-01-01", 0, 1.0, 20.0) | {"cohort_customers": 1}], "net_revenue_per_member"
    ),
    "marts.cohort_splits": [COHORT_SPLITS[0] | {"customers": 1}],
    "marts.cohort_value": _without([_cohort("2025-01-01", 0, 1.0, 20.0) | {"cohort_customers": 1}], "retention_rate"),
    "marts.customer_segments": [{"customer_key": "c1", "segment_id": "visitors", "kind": "stage", "is_primary": True}],
}

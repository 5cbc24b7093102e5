"""An event is told once, whatever is known of it tomorrow."""

from __future__ import annotations

import duckdb
import pytest

from include.publisher.audiences import Audience
from include.publisher.plan_sql import payload_json

ROW = {"id": "messages", "description": "Due.", "channel": "email", "destinations": ["webhook"], "mode": "events"}


@pytest.mark.parametrize(
    ("mode", "attributes", "same"),
    [
        ("events", ["trigger_key", "offer_expires_at"], True),
        ("events", ["offer_expires_at"], False),  # nothing names the event: any change is another one
        ("members", ["trigger_key", "offer_expires_at"], False),
    ],
)
def test_what_makes_an_event_another_one(mode: str, attributes: list[str], same: bool) -> None:
    audience = Audience.model_validate(ROW | {"mode": mode, "attributes": attributes})
    days = "(values ('c1', 't1', date '2026-01-01'), ('c1', 't1', date '2026-01-02'))"
    query = f"select {payload_json(audience)} from {days} as t(customer_key, a_trigger_key, a_offer_expires_at)"
    first, second = (row[0] for row in duckdb.sql(query).fetchall())
    assert (first == second) is same

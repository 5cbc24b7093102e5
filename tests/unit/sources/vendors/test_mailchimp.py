"""What becomes of Mailchimp's records: each row worked out by hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.pulling import Pulling

EMAIL_ID = "5f2c1d6b0e"


def account(folder: Path, **options: Any) -> Pulling:
    found = Pulling(
        folder, source="mail", vendor="mailchimp", connection="tool", time_zone="Europe/Berlin", options=options
    )
    for resource in ("sent_to", "email_activity", "unsubscribed", "abuse_reports", "campaigns", "automation_emails"):
        found.lay(resource)
    return found


def report(**more: Any) -> dict[str, Any]:
    known = {"campaign_id": "K1", "list_id": "L1", "email_id": EMAIL_ID, "email_address": "ann@people.example"}
    return known | {"merge_fields": {"CUSTID": "C7"}} | more


@pytest.mark.parametrize(
    ("resource", "record", "event_type", "at"),
    [
        ("sent_to", {"status": "sent", "send_time": "2025-05-01T08:00:00+02:00"}, "sent", "2025-05-01T06:00:00"),
        ("sent_to", {"status": "hard", "send_time": "2025-05-01T08:00:00+00:00"}, "sent", "2025-05-01T08:00:00"),
        ("unsubscribed", {"timestamp": "2025-05-02T08:00:00+00:00"}, "unsubscribed", "2025-05-02T08:00:00"),
        ("abuse_reports", {"id": 7, "date": "2025-05-02T08:00:00+00:00"}, "spam_reported", "2025-05-02T08:00:00"),
    ],
)
def test_an_event_of_a_report(tmp_path: Path, resource: str, record: dict[str, Any], event_type: str, at: str) -> None:
    pulled = account(tmp_path, customer_merge_field="CUSTID")
    pulled.lay(resource, report(**record))
    assert pulled.rows("email_events") == [
        {
            "event_id": f"K1:{EMAIL_ID}:{event_type}",
            "customer_id": "C7",
            "email": "ann@people.example",
            "profile_id": EMAIL_ID,
            "campaign_id": "K1",
            "event_type": event_type,
            "event_at": datetime.fromisoformat(at),
        }
    ]


def test_without_a_merge_field_nobody_has_a_customer_id(tmp_path: Path) -> None:
    pulled = account(tmp_path)
    pulled.lay("unsubscribed", report(timestamp="2025-05-02T08:00:00+00:00"))
    assert "customer_id" not in pulled.rows("email_events")[0]


def test_each_action_is_an_event_and_the_same_one_read_twice_is_one(tmp_path: Path) -> None:
    at = "2025-05-02T08:00:00+00:00"
    first, second = ({"action": "click", "timestamp": at, "url": f"https://shop.example/{page}"} for page in "ab")
    acts = [{"action": "open", "timestamp": at}, first, second, {"action": "bounce", "timestamp": at, "type": "soft"}]
    pulled = account(tmp_path)
    pulled.lay("email_activity", report(activity=acts), report(activity=[], email_id="nothing"), name="until_1")
    pulled.lay("email_activity", report(activity=acts[:2]), name="until_2")
    kinds = sorted(row["event_type"] for row in pulled.rows("email_events"))
    assert kinds == ["bounced", "clicked", "clicked", "opened"]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("subscribed", ("granted", "2025-01-01")),
        ("unsubscribed", ("withdrawn", "2025-03-03")),
        ("archived", ("withdrawn", "2025-03-03")),
        ("cleaned", None),
        ("pending", None),
        ("transactional", None),
    ],
)
def test_the_consent_of_a_contact(tmp_path: Path, status: str, expected: tuple[str, str] | None) -> None:
    pulled = account(tmp_path)
    times = {"timestamp_opt": "2025-01-01T00:00:00+00:00", "last_changed": "2025-03-03T00:00:00+00:00"}
    member = {"id": EMAIL_ID, "list_id": "L1", "email_address": "ann@people.example", "status": status}
    pulled.lay("members", member | times)
    rows = [(row["status"], row["changed_at"].date().isoformat()) for row in pulled.rows("consents")]
    assert rows == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("times", "day"),
    [
        ({"timestamp_opt": "", "timestamp_signup": "2025-02-02T00:00:00+00:00"}, "2025-02-02"),
        ({"timestamp_opt": "", "timestamp_signup": ""}, "2025-03-03"),
    ],
)
def test_a_grant_of_unknown_moment(tmp_path: Path, times: dict[str, str], day: str) -> None:
    pulled = account(tmp_path)
    member = {"id": EMAIL_ID, "list_id": "L1", "email_address": "ann@people.example", "status": "subscribed"}
    pulled.lay("members", member | times | {"last_changed": "2025-03-03T00:00:00+00:00"})
    assert [row["changed_at"].date().isoformat() for row in pulled.rows("consents")] == [day]


def test_campaigns_that_began(tmp_path: Path) -> None:
    pulled = account(tmp_path)
    settings = {"title": "", "subject_line": "Hello"}
    pulled.lay(
        "campaigns",
        {"id": "K1", "status": "sent", "send_time": "2025-05-01T08:00:00+00:00", "settings": settings},
        {"id": "K2", "status": "save", "send_time": "", "settings": settings},
        {"id": "K3", "status": "schedule", "send_time": "2026-05-01T08:00:00+00:00", "settings": settings},
    )
    pulled.lay("automation_emails", {"id": "A1", "start_time": "", "create_time": "2025-04-01T08:00:00+00:00"})
    rows = [(row["campaign_id"], row["name"], row["campaign_type"]) for row in pulled.rows("email_campaigns")]
    assert rows == [("A1", None, "flow"), ("K1", "Hello", "campaign")]

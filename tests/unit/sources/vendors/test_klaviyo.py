"""What becomes of Klaviyo's records: each row worked out by hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.pulling import Pulling


@pytest.fixture
def pulled(tmp_path: Path) -> Pulling:
    return Pulling(tmp_path, source="mail", vendor="klaviyo", connection="tool", time_zone="Europe/Berlin")


def event(metric: str, number: str = "e1", campaign: str | None = None, **properties: Any) -> dict[str, Any]:
    """An event of a known person, as read_events puts it together."""
    included = {
        "metric": {"name": metric},
        "profile": {"email": "now@people.example", "external_id": "C7"},
        "campaign_id": campaign,
    }
    return {
        "type": "event",
        "id": number,
        "attributes": {"datetime": "2025-05-01T12:00:00+02:00", "event_properties": properties},
        "relationships": {"profile": {"data": {"type": "profile", "id": "P7"}}},
        "included": included,
    }


@pytest.mark.parametrize(
    ("metric", "event_type"),
    [
        ("Received Email", "sent"),
        ("Bounced Email", "bounced"),
        ("Opened Email", "opened"),
        ("Clicked Email", "clicked"),
        ("Unsubscribed", "unsubscribed"),
        ("Unsubscribed from Email Marketing", "unsubscribed"),
        ("Marked Email as Spam", "spam_reported"),
    ],
)
def test_an_email_event(pulled: Pulling, metric: str, event_type: str) -> None:
    pulled.lay("events", event(metric, campaign="K1", **{"$message": "M1"}))
    assert pulled.rows("email_events") == [
        {
            "event_id": "e1",
            "customer_id": "C7",
            "email": "now@people.example",
            "profile_id": "P7",
            "campaign_id": "K1",
            "event_type": event_type,
            "event_at": datetime.fromisoformat("2025-05-01T10:00:00"),
        }
    ]


@pytest.mark.parametrize(
    ("campaign", "properties", "expected"),
    [
        ("K1", {"$message": "M1"}, "K1"),
        (None, {"$message": "OLD1"}, "OLD1"),  # of a campaign that is gone, or whose message is itself
        (None, {"$message": "M1", "$flow": "F1"}, "F1"),
        (None, {"$message": "M1", "$flow": ""}, "M1"),
    ],
)
def test_the_campaign_of_an_event(
    pulled: Pulling, campaign: str | None, properties: dict[str, str], expected: str
) -> None:
    pulled.lay("events", event("Opened Email", campaign=campaign, **properties))
    assert [row["campaign_id"] for row in pulled.rows("email_events")] == [expected]


def test_the_address_it_was_sent_to_counts_and_a_person_who_is_gone_stays_without_id(pulled: Pulling) -> None:
    gone = event("Opened Email", **{"$message": "M1", "Recipient Email Address": "then@people.example"})
    pulled.lay("events", gone | {"relationships": {}, "included": gone["included"] | {"profile": None}})
    [row] = pulled.rows("email_events")
    assert row["email"] == "then@people.example"
    assert "customer_id" not in row
    assert "profile_id" not in row


@pytest.mark.parametrize("machines", ["count", "leave_out"])
def test_what_machines_do_can_be_left_out(tmp_path: Path, machines: str) -> None:
    options = {"machines": machines}
    pulled = Pulling(tmp_path, source="mail", vendor="klaviyo", connection="tool", options=options)
    pulled.lay(
        "events",
        event("Clicked Email", "e1", **{"$message": "M1", "Bot Click": True}),
        event("Opened Email", "e2", **{"$message": "M1", "Apple Privacy Open": "True"}),
        event("Opened Email", "e3", **{"$message": "M1", "machine_open": False}),
        event("Opened Email", "e4", **{"$message": "M1"}),
    )
    counted = ["e1", "e2", "e3", "e4"] if machines == "count" else ["e3", "e4"]
    assert [row["event_id"] for row in pulled.rows("email_events")] == counted


def test_an_event_without_a_message_is_no_email_event(pulled: Pulling) -> None:
    pulled.lay("events", event("Opened Email"), event("Placed Order", "e2", **{"$message": "M1"}))
    assert pulled.rows("email_events") == []


@pytest.mark.parametrize(
    ("metric", "properties", "expected"),
    [
        ("Subscribed to Email Marketing", {}, [("email", "granted")]),
        ("Subscribed to SMS Marketing", {}, [("sms", "granted")]),
        ("Unsubscribed from SMS Marketing", {"$message": "M1"}, [("sms", "withdrawn")]),
        ("Manually Suppressed from Email Marketing", {}, [("email", "withdrawn")]),
        ("Unsubscribed from Email Marketing", {}, [("email", "withdrawn")]),
        ("Marked Email as Spam", {}, [("email", "withdrawn")]),
        # In a mail: an e-mail event, which withdraws by itself.
        ("Unsubscribed from Email Marketing", {"$message": "M1"}, []),
        ("Opened Email", {}, []),
    ],
)
def test_a_consent_told_by_an_event(
    pulled: Pulling, metric: str, properties: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    pulled.lay("events", event(metric, **properties))
    pulled.lay("profiles")
    assert [(row["channel"], row["status"]) for row in pulled.rows("consents")] == expected


def profile(email: dict[str, Any] | None = None, sms: dict[str, Any] | None = None) -> dict[str, Any]:
    """A profile made on 2025-01-01 and changed on 2025-06-01."""
    told = {name: {"marketing": state} for name, state in (("email", email), ("sms", sms)) if state}
    attributes = {
        "email": "now@people.example",
        "external_id": "C7",
        "created": "2025-01-01T00:00:00+00:00",
        "updated": "2025-06-01T00:00:00+00:00",
        "subscriptions": told,
    }
    return {"type": "profile", "id": "P7", "attributes": attributes}


def suppressed(reason: str, consent: str = "SUBSCRIBED") -> dict[str, Any]:
    reasons = [{"reason": reason, "timestamp": "2025-04-04T00:00:00+00:00"}]
    return {"consent": consent, "consent_timestamp": "2025-02-02T00:00:00+00:00", "suppression": reasons}


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ({"consent": "SUBSCRIBED", "consent_timestamp": "2025-02-02T00:00:00+00:00"}, ("granted", "2025-02-02")),
        ({"consent": "UNSUBSCRIBED", "consent_timestamp": "2025-03-03T00:00:00+00:00"}, ("withdrawn", "2025-03-03")),
        # Of unknown moment: a grant counts from the first, a withdrawal from the last.
        ({"consent": "SUBSCRIBED", "consent_timestamp": None}, ("granted", "2025-01-01")),
        ({"consent": "UNSUBSCRIBED", "consent_timestamp": None}, ("withdrawn", "2025-06-01")),
        ({"consent": "NEVER_SUBSCRIBED"}, None),
        (suppressed("USER_SUPPRESSED"), ("withdrawn", "2025-04-04")),
        (suppressed("SPAM_COMPLAINT"), ("withdrawn", "2025-04-04")),
        (suppressed("UNSUBSCRIBE", "NEVER_SUBSCRIBED"), ("withdrawn", "2025-04-04")),
        # A bounce says nothing of what somebody wants.
        (suppressed("HARD_BOUNCE"), ("granted", "2025-02-02")),
        (suppressed("INVALID_EMAIL", "NEVER_SUBSCRIBED"), None),
    ],
)
def test_a_consent_told_by_a_profile(pulled: Pulling, email: dict[str, Any], expected: tuple[str, str] | None) -> None:
    pulled.lay("events")
    pulled.lay("profiles", profile(email))
    rows = [(row["status"], row["changed_at"].date().isoformat()) for row in pulled.rows("consents")]
    assert rows == ([expected] if expected else [])


def test_each_channel_of_a_profile_is_a_consent_of_its_own_and_each_state_stays(pulled: Pulling) -> None:
    granted = {"consent": "SUBSCRIBED", "consent_timestamp": "2025-02-02T00:00:00+00:00"}
    withdrawn = {"consent": "UNSUBSCRIBED", "consent_timestamp": "2025-03-03T00:00:00+00:00"}
    pulled.lay("events")
    pulled.lay("profiles", profile(granted, granted), name="until_1")
    pulled.lay("profiles", profile(withdrawn, granted), name="until_2")
    assert [(row["channel"], row["status"]) for row in pulled.rows("consents")] == [
        ("email", "granted"),
        ("email", "withdrawn"),
        ("sms", "granted"),
    ]


def campaign(number: str, status: str = "Sent", send_time: str | None = "2025-05-01T08:00:00+00:00", **strategy: Any):
    attributes = {"name": "May", "status": status, "send_time": send_time, "send_strategy": strategy}
    return {"type": "campaign", "id": number, "attributes": attributes}


def test_campaigns_that_began_and_flows(pulled: Pulling) -> None:
    pulled.lay(
        "campaigns",
        campaign("K1", method="immediate"),
        campaign("K2", method="throttled", throttle_percentage=33),  # 33, 33, 33 and 1 per cent: three hours later
        campaign("K3", "Draft"),
        campaign("K4", "Scheduled", "2026-02-01T08:00:00+00:00"),
        campaign("K5", "Scheduled", None),
    )
    flow = {"name": "Welcome", "status": "live", "created": "2024-05-01T08:00:00+00:00"}
    pulled.lay("flows", {"type": "flow", "id": "F1", "attributes": flow})
    began, ended = (datetime.fromisoformat(f"2025-05-01T{hour}:00:00") for hour in ("08", "11"))
    common = {"name": "May", "campaign_type": "campaign", "started_at": began}
    assert pulled.rows("email_campaigns") == [
        {
            "campaign_id": "F1",
            "name": "Welcome",
            "campaign_type": "flow",
            "started_at": datetime.fromisoformat("2024-05-01T08:00:00"),
            "ended_at": None,
        },
        {"campaign_id": "K1"} | common | {"ended_at": None},
        {"campaign_id": "K2"} | common | {"ended_at": ended},
    ]

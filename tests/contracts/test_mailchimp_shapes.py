"""The tables that Airbyte and Fivetran make of a Mailchimp account give the same contract rows as pulling it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from include.demo.tools.mailchimp import subscriber_hash
from tests.contracts.specs import spec_file
from tests.support.pulling import Pulling, export, export_airbyte

SENT_AT = "2025-05-01T08:00:00+00:00"
AT = "2025-05-02T08:00:00+00:00"
MOMENTS = dict.fromkeys(
    ("send_time", "create_time", "start_time", "timestamp", "timestamp_opt", "timestamp_signup", "last_changed"),
    "timestamp",
) | {"_fivetran_deleted": "boolean"}


def person(number: int) -> dict[str, Any]:
    email = f"p{number}@people.example"
    return {"email_id": subscriber_hash(email), "email_address": email, "campaign_id": "K1", "list_id": "L1"}


def member(number: int, status: str) -> dict[str, Any]:
    times = {"timestamp_opt": SENT_AT, "timestamp_signup": "", "last_changed": AT}
    known = person(number)
    return {"id": known["email_id"], "list_id": "L1", "status": status, "email_address": known["email_address"]} | times


SETTINGS = {"title": "May", "subject_line": "Hello"}
CAMPAIGN = {"id": "K1", "type": "regular", "status": "sent", "create_time": SENT_AT, "send_time": SENT_AT}
AUTOMATION = {"id": "A1", "workflow_id": "A1", "create_time": SENT_AT, "start_time": SENT_AT, "settings": SETTINGS}
ACTIVITY = {
    0: [{"action": "open", "timestamp": AT}, {"action": "click", "timestamp": AT, "url": "https://shop.example"}],
    1: [{"action": "bounce", "timestamp": AT, "type": "hard"}],
}
MEMBERS = [
    member(n, status) for n, status in enumerate(("subscribed", "cleaned", "unsubscribed", "archived", "pending"))
]


@pytest.fixture
def pulled(tmp_path: Path) -> Pulling:
    found = Pulling(tmp_path, source="pulled", vendor="mailchimp", connection="tool")
    found.lay("sent_to", *(person(n) | {"status": "sent", "send_time": SENT_AT} for n in range(4)))
    found.lay("email_activity", *(person(n) | {"activity": acts} for n, acts in ACTIVITY.items()))
    found.lay("unsubscribed", person(2) | {"timestamp": AT})
    found.lay("abuse_reports", person(3) | {"id": 7, "date": AT})
    found.lay("campaigns", CAMPAIGN | {"settings": SETTINGS})
    found.lay("automation_emails", AUTOMATION)
    found.lay("members", *MEMBERS)
    return found


def of_kinds(rows: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["event_type"] in kinds]


def test_airbyte(pulled: Pulling, tmp_path: Path) -> None:
    acts = [
        person(n) | {name: value for name, value in act.items() if name != "type"}
        for n, told in ACTIVITY.items()
        for act in told
    ]
    export(tmp_path, "email_activity", acts)
    export(tmp_path, "unsubscribes", [person(2) | {"timestamp": AT, "reason": "None given"}])
    export(tmp_path, "campaigns", [CAMPAIGN | {"settings": json.dumps(SETTINGS)}])
    export(tmp_path, "automations", [AUTOMATION | {"settings": json.dumps(SETTINGS)}])
    export(tmp_path, "list_members", MEMBERS)
    shape = Pulling(tmp_path, source="airbyte", vendor="mailchimp", shape="airbyte", base=str(tmp_path))
    # Airbyte reads neither recipients nor spam reports.
    told = of_kinds(pulled.rows("email_events"), "opened", "clicked", "bounced", "unsubscribed")
    assert len(told) == 4
    assert shape.rows("email_events") == told
    for entity in ("email_campaigns", "consents"):
        assert shape.rows(entity) == pulled.rows(entity)


def test_airbytes_own_records(tmp_path: Path) -> None:
    """The account that Airbyte tests with, as far as its records are listed; it has no automations."""
    export_airbyte(tmp_path, spec_file("airbyte/mailchimp/expected_records.jsonl"))
    export(tmp_path, "automations", [AUTOMATION | {"settings": json.dumps(SETTINGS)}])
    shape = Pulling(tmp_path, source="airbyte", vendor="mailchimp", shape="airbyte", base=str(tmp_path))
    kinds = sorted((row["event_type"], row["event_at"].isoformat()) for row in shape.rows("email_events"))
    assert kinds == [
        ("opened", "2023-11-06T20:17:57"),
        ("opened", "2023-11-07T19:49:10"),
        ("unsubscribed", "2023-11-06T20:18:01"),
    ]
    assert [row["campaign_id"] for row in shape.rows("email_campaigns")] == ["A1"]
    assert [row["status"] for row in shape.rows("consents")] == ["granted", "granted"]


def test_fivetran(pulled: Pulling, tmp_path: Path) -> None:
    def known(number: int, **more: Any) -> dict[str, Any]:
        return {"member_id": person(number)["email_id"], "list_id": "L1"} | more

    acts = [
        {"bounce_type": act.get("type"), "url": act.get("url"), "action": act["action"], "timestamp": act["timestamp"]}
        | known(n)
        for n, told in ACTIVITY.items()
        for act in told
    ]
    export(tmp_path, "campaign_recipient", [known(n, campaign_id="K1") for n in range(4)])
    export(tmp_path, "campaign_recipient_activity", [act | {"campaign_id": "K1"} for act in acts], **MOMENTS)
    export(tmp_path, "automation_recipient_activity", [acts[0] | {"automation_email_id": "A1"}], **MOMENTS)
    export(tmp_path, "unsubscribe", [known(2, campaign_id="K1", timestamp=AT)], **MOMENTS)
    export(tmp_path, "member", [one | {"timestamp_signup": None} for one in MEMBERS], **MOMENTS)
    export(tmp_path, "campaign", [CAMPAIGN | SETTINGS | {"_fivetran_deleted": False}], **MOMENTS)
    mail = {name: value for name, value in AUTOMATION.items() if name != "settings"}
    export(tmp_path, "automation_email", [mail | SETTINGS | {"_fivetran_deleted": False}], **MOMENTS)
    shape = Pulling(
        tmp_path, source="fivetran", vendor="mailchimp", shape="fivetran", base=str(tmp_path), time_zone="Europe/Berlin"
    )
    # Fivetran has no spam reports.
    told = of_kinds(pulled.rows("email_events"), "sent", "opened", "clicked", "bounced", "unsubscribed")
    rows = shape.rows("email_events")
    assert [row for row in rows if row["campaign_id"] == "K1"] == told
    assert [row["event_type"] for row in rows if row["campaign_id"] == "A1"] == ["opened"]
    for entity in ("email_campaigns", "consents"):
        assert shape.rows(entity) == pulled.rows(entity)

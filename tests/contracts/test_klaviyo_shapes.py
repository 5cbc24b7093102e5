"""The tables that Airbyte and Fivetran make of a Klaviyo account give the same contract rows as pulling it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from include.demo.apis.klaviyo import KlaviyoApi
from include.demo.apis.klaviyo_feed import feed
from include.demo.simulator import simulate
from tests.contracts.specs import spec_file
from tests.support.pulling import Pulling, connect, export, export_airbyte, started

ENTITIES = ("email_events", "email_campaigns", "consents")
HEADERS = {"Authorization": "Klaviyo-API-Key pk_x", "revision": "2026-07-15"}
EMAIL = 'equals(messages.channel,"email")'


def everything(api: KlaviyoApi, kind: str, **params: str) -> list[dict[str, Any]]:
    """Read a whole list without the source's code."""
    found: list[dict[str, Any]] = []
    address: str | None = f"{api.url}/api/{kind}"
    while address:
        answer = requests.get(address, params, headers=HEADERS, timeout=10).json()
        found, params, address = found + answer["data"], {}, answer["links"].get("next")
    return found


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an account holds, and the rows that pulling it gives."""
    folder = tmp_path_factory.mktemp("klaviyo")
    simulate(folder / "shop", 200, 7, workers=1)
    api = KlaviyoApi()
    api.windows = {}
    feed(api, folder / "shop")
    with started(api), pytest.MonkeyPatch.context() as monkeypatch:
        connect(monkeypatch, api)
        pulling = Pulling(folder, source="pulled", vendor="klaviyo", connection="tool")
        pulling.pull("2026-01-01", ENTITIES)
        held = {
            "events": everything(api, "events", sort="datetime"),
            "profiles": everything(api, "profiles", **{"additional-fields[profile]": "subscriptions"}),
            "campaigns": everything(api, "campaigns", filter=EMAIL, include="campaign-messages"),
            "flows": everything(api, "flows"),
            "metrics": everything(api, "metrics"),
        }
    return held | {"rows": {entity: pulling.rows(entity) for entity in ENTITIES}}


def test_airbyte(account: dict[str, Any], tmp_path: Path) -> None:
    moments = {"events": "datetime", "profiles": "updated", "campaigns": "updated_at", "flows": "updated"}
    for table, records in ((name, account[name]) for name in (*moments, "metrics")):
        cursor = moments.get(table, "updated")
        rows = [
            {name: json.dumps(value) if isinstance(value, dict) else value for name, value in record.items()}
            | {cursor: record["attributes"][cursor]}
            for record in records
        ]
        export(tmp_path, table, rows)
    shape = Pulling(tmp_path, source="airbyte", vendor="klaviyo", shape="airbyte", base=str(tmp_path))
    for entity in ENTITIES:
        assert shape.rows(entity) == account["rows"][entity]


def test_airbytes_own_records(tmp_path: Path) -> None:
    """The account that Airbyte tests with: three campaigns sent, eight flows, two people suppressed."""
    export_airbyte(tmp_path, spec_file("airbyte/klaviyo/expected_records.jsonl"))
    shape = Pulling(tmp_path, source="airbyte", vendor="klaviyo", shape="airbyte", base=str(tmp_path))
    rows = shape.rows("email_campaigns")
    assert [row["campaign_type"] for row in rows if row["campaign_type"] == "flow"] == ["flow"] * 8
    assert {row["campaign_id"]: row["started_at"].isoformat() for row in rows if row["campaign_type"] != "flow"} == {
        "VFaYVy": "2021-05-26T23:30:00",
        "01HE2PASG4GSV564GPXCAW8TFJ": "2023-10-31T11:01:53",
        "01HEHY2911JYEGQ4EMAWRWMGKE": "2023-11-06T09:06:34",
    }
    # Throttled to 20 per cent an hour: the fifth part leaves four hours after the first.
    assert [row["ended_at"].isoformat() for row in rows if row["ended_at"]] == ["2021-05-27T03:30:00"]
    assert shape.rows("email_events") == []
    told = [(row["channel"], row["status"], row["changed_at"].isoformat()) for row in shape.rows("consents")]
    assert sorted(told) == [
        ("email", "withdrawn", "2021-05-18T01:20:01"),
        ("email", "withdrawn", "2021-05-18T01:29:51"),
    ]


def test_fivetran(account: dict[str, Any], tmp_path: Path) -> None:
    of_message = {
        message["id"]: campaign["id"]
        for campaign in account["campaigns"]
        for message in campaign["relationships"]["campaign-messages"]["data"]
    }
    export(tmp_path, "event", [fivetran_event(one, of_message) for one in account["events"]], **MOMENTS)
    export(tmp_path, "person", [fivetran_person(one) for one in account["profiles"]], **MOMENTS)
    export(tmp_path, "campaign", [fivetran_campaign(one) for one in account["campaigns"]], **MOMENTS)
    export(tmp_path, "flow", [fivetran_flow(one) for one in account["flows"]], **MOMENTS)
    export(tmp_path, "metric", [fivetran_metric(one) for one in account["metrics"]], **MOMENTS)
    shape = Pulling(tmp_path, source="fivetran", vendor="klaviyo", shape="fivetran", base=str(tmp_path))
    assert shape.rows("email_events") == account["rows"]["email_events"]
    # Fivetran has neither the end of a throttled campaign nor the subscriptions of a profile.
    campaigns = [{name: row[name] for name in row if name != "ended_at"} for row in account["rows"]["email_campaigns"]]
    assert shape.rows("email_campaigns") == campaigns
    told_by_events = [row for row in account["rows"]["consents"] if ":" not in row["consent_id"]]
    assert shape.rows("consents") == told_by_events


def test_what_fivetran_deleted_is_gone_and_what_the_account_lacks_is_empty(tmp_path: Path) -> None:
    metric = {"id": "M1", "name": "Opened Email", "integration_name": "Klaviyo"}
    event = {"id": "e1", "campaign_id": "c1", "flow_id": None, "flow_message_id": None, "person_id": "p1"}
    event |= {"metric_id": "M1", "datetime": "2025-05-01 10:00:00", "_fivetran_deleted": False}
    events = [event, event | {"id": "e2", "_fivetran_deleted": True}]
    export(tmp_path, "metric", [metric])
    export(tmp_path, "person", [{"id": "p1", "email": "p1@people.example"}])
    export(tmp_path, "event", events, datetime="timestamp", _fivetran_deleted="boolean")
    shape = Pulling(
        tmp_path, source="fivetran", vendor="klaviyo", shape="fivetran", base=str(tmp_path), time_zone="Europe/Berlin"
    )
    [row] = shape.rows("email_events")
    assert row["event_id"] == "e1"
    assert row["email"] == "p1@people.example"
    assert row["event_at"].isoformat() == "2025-05-01T10:00:00"
    assert "customer_id" not in row


MOMENTS = dict.fromkeys(("datetime", "created", "updated", "send_time", "sent_at", "scheduled"), "timestamptz") | {
    "_fivetran_deleted": "boolean"
}


def fivetran_event(event: dict[str, Any], of_message: dict[str, str]) -> dict[str, Any]:
    told, relations = event["attributes"]["event_properties"], event["relationships"]
    return {
        "id": event["id"],
        "uuid": event["attributes"]["uuid"],
        "datetime": event["attributes"]["datetime"],
        "campaign_id": of_message.get(told.get("$message")),
        "flow_id": told.get("$flow"),
        "flow_message_id": told.get("$message") if "$flow" in told else None,
        "metric_id": relations["metric"]["data"]["id"],
        "person_id": relations["profile"]["data"]["id"] if "profile" in relations else None,
        "property_recipient_email_address": told.get("Recipient Email Address"),
        "_fivetran_deleted": False,
    }


def fivetran_person(profile: dict[str, Any]) -> dict[str, Any]:
    names = ("email", "external_id", "created", "updated")
    return {"id": profile["id"], "_fivetran_deleted": False} | {name: profile["attributes"][name] for name in names}


def fivetran_campaign(campaign: dict[str, Any]) -> dict[str, Any]:
    told = campaign["attributes"]
    times = {"created": told["created_at"], "updated": told["updated_at"], "scheduled": told["scheduled_at"]}
    times |= {"send_time": told["send_time"], "sent_at": told["send_time"]}
    state = {"status": told["status"].lower(), "archived": told["archived"], "_fivetran_deleted": False}
    return {"id": campaign["id"], "name": told["name"]} | times | state


def fivetran_flow(flow: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "status", "created", "updated", "archived", "trigger_type")
    return {"id": flow["id"], "_fivetran_deleted": False} | {name: flow["attributes"][name] for name in names}


def fivetran_metric(metric: dict[str, Any]) -> dict[str, Any]:
    told = metric["attributes"]
    by = {f"integration_{name}": told["integration"][name] for name in ("id", "name", "category")}
    return {"id": metric["id"], "name": told["name"], "created": told["created"], "_fivetran_deleted": False} | by

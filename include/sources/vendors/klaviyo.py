"""Klaviyo: e-mail events, campaigns and flows, and consents to e-mail and SMS; docs/sources/klaviyo.md describes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import requests
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from pydantic import Field

from include.destinations.api import Window as Limit
from include.destinations.credentials import Credentials
from include.sources.pull.base import (
    Account,
    CursorExpired,
    Finding,
    Options,
    PullError,
    PullRefused,
    Reading,
    Resource,
    Vendor,
    Window,
)
from include.sources.pull.client import Client

BASE_URL = "https://a.klaviyo.com"
REVISION = "2026-07-15"
EVENTS, PROFILES, CAMPAIGNS = "/api/events", "/api/profiles", "/api/campaigns"
FLOWS, METRICS = "/api/flows", "/api/metrics"

# x-klaviyo-ratelimit of each operation in the description of that revision: burst and steady, per account.
LIMITS = {
    EVENTS: (Limit(350, 1), Limit(3500, 60)),
    PROFILES: (Limit(75, 1), Limit(750, 60)),
    CAMPAIGNS: (Limit(10, 1), Limit(150, 60)),
    FLOWS: (Limit(3, 1), Limit(60, 60)),
    METRICS: (Limit(10, 1), Limit(150, 60)),
}
PROFILES_PER_PAGE = 100
FLOWS_PER_PAGE = 50

# Others may send metrics of the same name through the API; only Klaviyo's own say what Klaviyo did.
OWN_METRICS = "Klaviyo"
WANTED_METRICS = (
    "Received Email",
    "Bounced Email",
    "Opened Email",
    "Clicked Email",
    "Marked Email as Spam",
    "Unsubscribed",
    "Unsubscribed from Email Marketing",
    "Manually Suppressed from Email Marketing",
    "Subscribed to Email Marketing",
    "Subscribed to SMS Marketing",
    "Unsubscribed from SMS Marketing",
)
SCOPES = {
    "metrics:read": METRICS,
    "events:read": EVENTS,
    "profiles:read": PROFILES,
    "campaigns:read": CAMPAIGNS,
    "flows:read": FLOWS,
}


class KlaviyoOptions(Options):
    """Keys below `options`.

    Attributes:
        events_per_page: more make fewer requests and longer answers.
        late_days: how far back events are read again; some appear days after the moment they bear.
        machines: whether what Klaviyo takes for a bot's click or a mail program's own opening counts.
        consents: where consents come from: the history that events tell, or also the present state of each profile.
    """

    events_per_page: int = Field(default=200, ge=1, le=1000)
    late_days: int = Field(default=7, ge=0, le=90)
    machines: Literal["count", "leave_out"] = "count"
    consents: Literal["events", "events_and_profiles"] = "events_and_profiles"


def open_client(source: str, credentials: Credentials, options: KlaviyoOptions) -> Client:
    """Open the API with a private key.

    Raises:
        PullRefused: the connection has no key.
    """
    if not credentials.password:
        raise PullRefused(
            f"{source}: the Airflow connection '{credentials.connection}' has no password, expected a private API key."
        )
    headers = {
        "Authorization": f"Klaviyo-API-Key {credentials.password}",
        "revision": REVISION,
        "Accept": "application/vnd.api+json",
    }
    base_url = credentials.host or BASE_URL
    return Client(source, base_url, headers=headers, path_windows=LIMITS, connection=credentials.connection)


def read_events(account: Account, window: Window) -> Iterator[list[dict[str, Any]]]:
    """Yield the events of a window, metric by metric, each with what it needs of its profile, metric and campaign."""
    campaigns = _campaign_of_message(account)
    for metric in _own_metrics(account):
        filters = [f'equals(metric_id,"{metric}")', f"less-than(datetime,{_iso(window.end)})"]
        if window.start:
            filters.append(f"greater-or-equal(datetime,{_iso(window.start)})")
        asked = {
            "filter": f"and({','.join(filters)})",
            "sort": "datetime",
            "include": "metric,profile",
            "fields[metric]": "name",
            "fields[profile]": "email,external_id",
            "page[size]": account.options.events_per_page,
        }
        for answer in _answers(account, EVENTS, asked):
            included = {(one["type"], one["id"]): one["attributes"] for one in answer.get("included") or []}
            yield [_joined(event, included, campaigns) for event in answer["data"]]


def read_profiles(account: Account, window: Window) -> Iterator[list[dict[str, Any]]]:
    """Yield the profiles changed in a window with their subscriptions; none when consents come from events alone."""
    if account.options.consents == "events":
        return
    filters = [f"less-than(updated,{_iso(window.end)})"]
    if window.start:
        # Klaviyo knows only "greater than" here, and a window includes its start.
        filters.append(f"greater-than(updated,{_iso(window.start - timedelta(seconds=1))})")
    asked = {
        "filter": filters[0] if len(filters) == 1 else f"and({','.join(filters)})",
        "sort": "updated",
        "additional-fields[profile]": "subscriptions",
        "fields[profile]": "email,external_id,created,updated,subscriptions",
        "page[size]": PROFILES_PER_PAGE,
    }
    yield from _records(account, PROFILES, asked)


def read_campaigns(account: Account, window: Window) -> Iterator[list[dict[str, Any]]]:
    """Yield all e-mail campaigns: the living, then the archived."""
    for archived in ("false", "true"):
        asked = {
            "filter": f'and(equals(messages.channel,"email"),equals(archived,{archived}))',
            "sort": "id",
            "include": "campaign-messages",
        }
        yield from _records(account, CAMPAIGNS, asked)


def read_flows(account: Account, window: Window) -> Iterator[list[dict[str, Any]]]:
    """Yield all flows."""
    yield from _records(account, FLOWS, {"sort": "id", "page[size]": FLOWS_PER_PAGE})


def check(account: Account) -> Iterable[Finding]:
    """Try the key and each scope."""
    for scope, path in SCOPES.items():
        params = {"filter": 'equals(messages.channel,"email")'} if path == CAMPAIGNS else {}
        params |= {} if path == METRICS else {"page[size]": "1"}
        try:
            status = account.client.request("GET", path, params=params, accept=(401, 403)).status_code
        except PullError as error:
            yield Finding(scope, str(error))
            continue
        if status == 401:
            yield Finding(scope, "Klaviyo does not know the key; expected a private API key, which begins with pk_.")
            return
        yield Finding(scope, None if status < 400 else f"the key lacks the scope {scope}; make a new key that has it.")


def _answers(account: Account, path: str, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    pages = account.client.pages(path, asked, paginator=JSONLinkPaginator("links.next"), expect=_refuse_old_cursor)
    for answers in pages:
        yield from answers


def _records(account: Account, path: str, asked: Mapping[str, Any]) -> Iterator[list[dict[str, Any]]]:
    for answer in _answers(account, path, asked):
        yield answer["data"]


def _refuse_old_cursor(response: requests.Response) -> None:
    # The same question was answered before without a cursor, so nothing else about it can be wrong.
    if response.status_code in (400, 404, 410) and "cursor" in (response.request.url or ""):
        raise CursorExpired(f"{response.status_code} for the next page: Klaviyo keeps a cursor for about three days")


def _own_metrics(account: Account) -> list[str]:
    """Return the ids of the wanted metrics."""
    found: dict[str, str] = {}
    for page in _records(account, METRICS, {}):
        for metric in page:
            name, integration = metric["attributes"].get("name"), metric["attributes"].get("integration") or {}
            if name in WANTED_METRICS and integration.get("name") == OWN_METRICS:
                found[metric["id"]] = name
    if "Received Email" not in found.values():
        account.warn(f"{account.source}: Klaviyo has no metric 'Received Email' yet: no e-mail was ever sent from it.")
    return sorted(found, key=lambda one: (found[one], one))


def _campaign_of_message(account: Account) -> dict[str, str]:
    """Return message id -> campaign id; events name the message, and only that of older campaigns is the campaign."""
    return {
        message["id"]: campaign["id"]
        for page in read_campaigns(account, Window(None, datetime.now(UTC)))
        for campaign in page
        for message in _related(campaign, "campaign-messages") or []
    }


def _joined(
    event: dict[str, Any], included: Mapping[tuple[str, str], Any], campaigns: Mapping[str, str]
) -> dict[str, Any]:
    """Put beside an event, below `included`, what Klaviyo sent of its relations."""
    related = {kind: _related(event, kind) for kind in ("profile", "metric")}
    known = {kind: included.get((kind, one["id"])) if one else None for kind, one in related.items()}
    message = (event["attributes"].get("event_properties") or {}).get("$message")
    return event | {"included": known | {"campaign_id": campaigns.get(message)}}


def _related(record: Mapping[str, Any], kind: str) -> Any:
    return ((record.get("relationships") or {}).get(kind) or {}).get("data")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def resources(options: KlaviyoOptions) -> Sequence[Resource]:
    """Return what is read."""
    late = timedelta(days=options.late_days) or timedelta(minutes=10)
    return (
        Resource("events", ("email_events", "consents"), ("id",), Reading.CHANGES, read_events, overlap=late),
        Resource("profiles", ("consents",), ("id",), Reading.CHANGES, read_profiles, version="attributes.updated"),
        Resource("campaigns", ("email_campaigns",), ("id",), Reading.ALL, read_campaigns),
        Resource("flows", ("email_campaigns",), ("id",), Reading.ALL, read_flows),
    )


VENDOR = Vendor(open=open_client, resources=resources, check=check, options=KlaviyoOptions)

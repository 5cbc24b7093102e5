"""Reading Klaviyo from its stand-in: requests and answers fit its description; nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from include.demo.apis.klaviyo import KlaviyoApi
from include.demo.apis.klaviyo_feed import METRICS, add_metric, feed
from include.demo.simulator import simulate
from include.demo.sources import source_of
from include.demo.tools.base import Answer, Request
from include.sources.check import check_source
from include.sources.pull.base import CursorExpired, PullError, PullRefused
from include.sources.pull.client import Client
from include.sources.vendors import klaviyo
from tests.contracts.answers import cached_answers, described
from tests.contracts.specs import Spec, cached_spec
from tests.support.pulling import Pulling, connect, rows_of_files, started

ENTITIES = ("email_events", "email_campaigns", "consents")
OPERATIONS = [f"GET /api/{kind}" for kind in ("events", "profiles", "campaigns", "flows", "metrics")]
HEADERS = {"revision": "2026-07-15", "authorization": "Klaviyo-API-Key pk_.+"}
FAULTS = ["500", "503", "429:0", "reset-before", "reset-after", "truncated", "hang-after"]
SENT, OPENED = METRICS["Received Email"], METRICS["Opened Email"]


def spec() -> Spec:
    return Spec("klaviyo/openapi.json", OPERATIONS, HEADERS)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "simulated"
    simulate(folder, 200, 7, workers=1)
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(klaviyo, "Client", partial(Client, first_wait_seconds=0.01, timeout_seconds=2, attempts=3))


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, quick: None) -> Iterator[KlaviyoApi]:
    """A stand-in without limits; each request and each answer is checked."""
    tool = KlaviyoApi()
    tool.windows = {}
    for name, metric in METRICS.items():
        add_metric(tool, metric, name, "Klaviyo")
    described(tool, spec, "klaviyo/openapi.json")
    with started(tool):
        connect(monkeypatch, tool)
        yield tool
    assert tool.violations == []


def source(folder: Path, **options: Any) -> Pulling:
    return Pulling(folder, source="mail", vendor="klaviyo", connection="tool", options=options)


def put_event(api: KlaviyoApi, event: str, at: str, metric: str = SENT, profile: str | None = "P1") -> None:
    """An event as Klaviyo holds it; `at` is naive UTC."""
    links = {"self": f"https://a.klaviyo.com/api/events/{event}/"}
    relations: dict[str, Any] = {"metric": {"data": {"type": "metric", "id": metric}}}
    if profile:
        relations["profile"] = {"data": {"type": "profile", "id": profile}}
    attributes = {"datetime": f"{at}+00:00", "event_properties": {"$message": "M"}, "uuid": event}
    record = {"type": "event", "id": event, "attributes": attributes, "relationships": relations, "links": links}
    api.store.put(f"events/{metric}", event, datetime.fromisoformat(at), record)


def put_profile(api: KlaviyoApi, number: int, updated: str, consent: str = "SUBSCRIBED") -> None:
    """A profile as Klaviyo holds it; `updated` is naive UTC and also the moment of consent."""
    marketing = {"consent": consent, "consent_timestamp": f"{updated}+00:00", "can_receive_email_marketing": True}
    attributes = {
        "email": f"p{number}@people.example",
        "external_id": f"C{number}",
        "created": "2025-01-01T00:00:00+00:00",
        "updated": f"{updated}+00:00",
        "subscriptions": {"email": {"marketing": marketing}},
    }
    links = {"self": f"https://a.klaviyo.com/api/profiles/P{number}/"}
    record = {"type": "profile", "id": f"P{number}", "attributes": attributes, "links": links}
    api.store.put("profiles", f"P{number}", datetime.fromisoformat(updated), record)


def before(api: KlaviyoApi, path: str, number: int, act: Callable[[], None]) -> None:
    """Do something before the n-th request of a path is answered."""
    check, seen = api.check, []

    def hooked(request: Request) -> Answer | None:
        if request.path == path:
            seen.append(request)
            if len(seen) == number:
                act()
        return check(request) if check else None

    api.check = hooked


def ids(pulling: Pulling, entity: str = "email_events") -> list[str]:
    key = "event_id" if entity == "email_events" else "consent_id"
    return [row[key] for row in pulling.rows(entity)]


def test_the_simulated_shop_comes_back_row_for_row(api: KlaviyoApi, shop: Path, tmp_path: Path) -> None:
    feed(api, shop)
    pulling = Pulling(tmp_path, **source_of("klaviyo") | {"connection": "tool"})
    pulling.pull("2026-01-01", ENTITIES)
    for entity in ENTITIES:
        assert pulling.rows(entity) == rows_of_files(shop, entity, "channel <> 'ads'")


def test_a_real_account_says_more_than_the_files(api: KlaviyoApi, shop: Path, tmp_path: Path) -> None:
    """Known-bad for the round trip: with the options of a real account the rows differ."""
    feed(api, shop)
    pulling = source(tmp_path)
    pulling.pull("2026-01-01", ENTITIES)
    assert pulling.rows("email_events")[-1]["profile_id"]
    assert len(pulling.rows("consents")) > len(rows_of_files(shop, "consents", "channel <> 'ads'"))


@pytest.mark.slow
def test_ten_runs_of_a_day_come_to_the_same_as_one(api: KlaviyoApi, shop: Path, tmp_path: Path) -> None:
    feed(api, shop)
    (tmp_path / "daily").mkdir()
    daily, once = source(tmp_path / "daily"), source(tmp_path)
    for day in range(1, 11):
        daily.pull(f"2025-11-{day:02d}", ENTITIES)
    once.pull("2025-11-10", ENTITIES)
    for entity in ENTITIES:
        assert daily.rows(entity) == once.rows(entity)


def test_every_page_is_read_and_no_metric_of_another_integration(api: KlaviyoApi, tmp_path: Path) -> None:
    add_metric(api, "FOREIGN", "Received Email", "API")
    put_event(api, "foreign", "2025-05-01T00:00:00", "FOREIGN")
    for number in range(5):
        put_event(api, f"e{number}", "2025-05-01T00:00:00")
    put_event(api, "o1", "2025-05-02T00:00:00", OPENED)
    pulling = source(tmp_path, events_per_page=2)
    pulling.pull("2025-06-01", ENTITIES)
    assert ids(pulling) == ["e0", "e1", "e2", "e3", "e4", "o1"]
    events = [one for one in api.requests if one.path == "/api/events"]
    # Three pages of what was sent, one of each of the eight other metrics.
    assert len(events) == 3 + 8


def test_a_limit_is_waited_for(api: KlaviyoApi, tmp_path: Path) -> None:
    api.windows = {"campaigns": ((1, 1.0),)}
    put_event(api, "e1", "2025-05-01T00:00:00")
    pulling = source(tmp_path)
    pulling.pull("2025-06-01", ENTITIES)
    assert ids(pulling) == ["e1"]


def test_the_vendors_own_limits_are_kept() -> None:
    """Known-bad: one request more in a second, and the gate of the stand-in refuses it."""
    for kind, ((burst, _), _) in KlaviyoApi().windows.items():
        limit = klaviyo.LIMITS[f"/api/{kind}"][0]
        assert (limit.requests, limit.seconds) == (burst, 1)
    tool = KlaviyoApi()
    request = Request("GET", "/api/flows", {}, {"authorization": "Klaviyo-API-Key pk_x", "revision": "2026-07-15"}, b"")
    statuses = [tool.own_fault(request) is None for _ in range(4)]
    assert statuses == [True, True, True, False]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("number", [1, 4])
def test_a_passing_fault_changes_nothing(api: KlaviyoApi, tmp_path: Path, fault: str, number: int) -> None:
    for event in range(5):
        put_event(api, f"e{event}", f"2025-05-0{event + 1}T00:00:00")
    api.faults = {number: fault}
    pulling = source(tmp_path, events_per_page=1)
    pulling.pull("2025-06-01", ENTITIES)
    assert ids(pulling) == ["e0", "e1", "e2", "e3", "e4"]


def test_a_lasting_fault_writes_nothing_and_the_next_run_has_it_all(api: KlaviyoApi, tmp_path: Path) -> None:
    put_event(api, "e1", "2025-05-01T00:00:00")
    api.faults = dict.fromkeys(range(4, 20), "500")
    pulling = source(tmp_path)
    with pytest.raises(PullError, match="answered HTTP 500 to GET /api/events"):
        pulling.pull("2025-06-01", ENTITIES)
    assert not list(pulling.settings.data_dir.rglob("events/*.parquet"))
    api.faults = {}
    pulling.pull("2025-06-02", ENTITIES)
    assert ids(pulling) == ["e1"]


def test_an_expired_cursor_starts_the_window_again(api: KlaviyoApi, tmp_path: Path) -> None:
    for event in range(5):
        put_event(api, f"e{event}", f"2025-05-0{event + 1}T00:00:00")

    def expire() -> None:
        api.cursors += 1

    before(api, "/api/events", 3, expire)
    # Bounced, clicked, spam: the first three; so the third request of the metric that has pages is a later one.
    before(api, "/api/events", 7, expire)
    pulling = source(tmp_path, events_per_page=1)
    pulling.pull("2025-06-01", ENTITIES)
    assert ids(pulling) == ["e0", "e1", "e2", "e3", "e4"]


def test_a_cursor_that_always_expires_ends_the_run(api: KlaviyoApi, tmp_path: Path) -> None:
    for event in range(3):
        put_event(api, f"e{event}", "2025-05-01T00:00:00")
    check = api.check

    def expiring(request: Request) -> Answer | None:
        api.cursors += 1
        return check(request) if check else None

    api.check = expiring
    with pytest.raises(CursorExpired, match="keeps a cursor for about three days"):
        source(tmp_path, events_per_page=1).pull("2025-06-01", ENTITIES)


def test_a_profile_that_changes_between_two_pages_is_neither_lost_nor_old(api: KlaviyoApi, tmp_path: Path) -> None:
    for number in range(1, 151):
        put_profile(api, number, f"2025-05-01T{number // 60:02d}:{number % 60:02d}:00")
    # One of the second page, and one of the first, which then leaves the window.
    before(api, "/api/profiles", 2, lambda: put_profile(api, 140, "2025-06-01T00:05:00", "UNSUBSCRIBED"))
    pulling = source(tmp_path)
    pulling.pull("2025-06-01", ("consents",))
    assert len(ids(pulling, "consents")) == 149
    pulling.pull("2025-06-02", ("consents",))
    states = {row["profile_id"]: row["status"] for row in pulling.rows("consents")}
    assert len(states) == 150
    assert states["P140"] == "withdrawn"
    assert states["P139"] == "granted"


@pytest.mark.parametrize(("late_days", "found"), [(7, ["e1", "e2"]), (0, ["e1"])])
def test_an_event_that_appears_days_after_its_moment_is_read(
    api: KlaviyoApi, tmp_path: Path, late_days: int, found: list[str]
) -> None:
    """Known-bad: without looking back it is lost."""
    put_event(api, "e1", "2025-05-30T00:00:00")
    pulling = source(tmp_path, late_days=late_days)
    pulling.pull("2025-06-01", ENTITIES)
    put_event(api, "e2", "2025-05-27T00:00:00")
    pulling.pull("2025-06-02", ENTITIES)
    assert ids(pulling) == found


def test_an_event_of_the_future_waits_for_its_day(api: KlaviyoApi, tmp_path: Path) -> None:
    put_event(api, "e1", "2025-07-01T00:00:00")
    pulling = source(tmp_path)
    pulling.pull("2025-06-01", ENTITIES)
    assert ids(pulling) == []
    pulling.pull("2025-07-02", ENTITIES)
    assert ids(pulling) == ["e1"]


def test_the_check_names_the_scope_that_is_missing(api: KlaviyoApi, tmp_path: Path) -> None:
    pulling = source(tmp_path)
    assert [one.problem for one in check_source(pulling.path)] == [None] * 5
    api.scopes -= {"profiles:read"}
    [missing] = [one for one in check_source(pulling.path) if one.problem]
    assert missing.subject == "mail: profiles:read"
    assert missing.problem == "the key lacks the scope profiles:read; make a new key that has it."
    with pytest.raises(PullRefused, match="Check the key and the scopes of the Airflow connection 'tool'"):
        pulling.pull("2025-06-01", ENTITIES)


def test_a_wrong_key_is_told_once(api: KlaviyoApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, api, password="public")
    check, api.check = api.check, None
    [one] = check_source(source(tmp_path).path)
    assert one.problem == "Klaviyo does not know the key; expected a private API key, which begins with pk_."
    api.check = check


def test_a_connection_without_a_key_is_refused(
    api: KlaviyoApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, api, password="")
    with pytest.raises(PullRefused, match="'tool' has no password, expected a private API key"):
        source(tmp_path).pull("2025-06-01", ENTITIES)


def test_a_bad_request_and_a_bad_answer_are_found() -> None:
    """Known-bad for what the fixture checks."""
    good = Request(
        "GET", "/api/flows", {"sort": "id"}, {"revision": "2026-07-15", "authorization": "Klaviyo-API-Key pk_x"}, b""
    )
    check = cached_spec(spec)
    check(good)
    for bad in (replace(good, headers={"authorization": "Klaviyo-API-Key pk_x"}), replace(good, query={"size": "5"})):
        with pytest.raises(AssertionError):
            check(bad)
    answers = cached_answers("klaviyo/openapi.json")
    flow: dict[str, Any] = {
        "type": "flow",
        "id": "F",
        "attributes": {"name": "Welcome"},
        "links": {"self": "https://a/F"},
    }
    body: dict[str, Any] = {"data": [flow], "links": {"self": "https://a/flows"}}
    assert answers.problem("GET", "/api/flows", Answer(200, body)) is None
    for wrong in ({"attributes": {"name": 7}}, {"id": 7}, {"type": "flows"}):
        assert answers.problem("GET", "/api/flows", Answer(200, body | {"data": [flow | wrong]}))

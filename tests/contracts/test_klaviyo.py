"""Klaviyo: every request against its own description, and what is made of each answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from include.demo.tools.klaviyo import KlaviyoTool
from include.destinations.base import DestinationRefused, DestinationUnavailable, Member, Mode, Operation
from include.destinations.credentials import credentials
from include.destinations.klaviyo import Klaviyo, KlaviyoRow
from include.destinations.klaviyo_api import COUNT, EVENT, FAST, MAX_EVENTS, MAX_IDS, MAX_PROFILES, PAGE, SLOW, Window
from tests.contracts.asked import writes
from tests.contracts.specs import Spec, cached_spec, prose_limit
from tests.contracts.vendors import (
    PASSING_FAULTS,
    QUICK,
    SECRET,
    assert_nothing_leaked,
    batch,
    connect,
    go,
    keys,
    letters,
    person,
    running,
    vendor_world,
)
from tests.unit.publisher.world import World, customers

IMPORT = "/api/profile-bulk-import-jobs"
LINK = "/api/lists/{id}/relationships/profiles"
OPERATIONS = [
    f"POST {IMPORT}",
    f"GET {IMPORT}/{{job_id}}",
    f"GET {IMPORT}/{{id}}/import-errors",
    "GET /api/profiles",
    "GET /api/lists/{id}/profiles",
    "GET /api/lists/{id}",
    f"DELETE {LINK}",
    "POST /api/event-bulk-create-jobs",
    "POST /api/events",
]
ROW: dict[str, Any] = {
    "type": "klaviyo",
    "lists": {"loyal": "LIST01"},
    "metrics": {"loyal": "Due for an order"},
    "poll_seconds": 0.01,
    "batch_size": 10,
}


def make_spec() -> Spec:
    def limits(spec: dict[str, Any]) -> None:
        schemas = spec["components"]["schemas"]
        text = spec["paths"][LINK]["delete"]["description"]
        reference = spec["paths"][LINK]["delete"]["requestBody"]["content"]["application/vnd.api+json"]["schema"][
            "$ref"
        ]
        ids = schemas[reference.rsplit("/", 1)[1]]["properties"]["data"]
        ids["maxItems"] = prose_limit(text, r"maximum of ([\d,]+) profiles per call")

    headers = {
        "revision": r"2026-07-15",
        "authorization": f"Klaviyo-API-Key {SECRET}",
        "content-type": r"application/vnd\.api\+json",
    }
    return Spec("klaviyo/openapi.json", OPERATIONS, headers, limits)


@pytest.fixture
def tool() -> Iterator[KlaviyoTool]:
    with running(KlaviyoTool(), lambda: cached_spec(make_spec)) as tool:
        yield tool


@pytest.fixture
def world(tmp_path: Path, tool: KlaviyoTool, monkeypatch: pytest.MonkeyPatch) -> World:
    return vendor_world(tmp_path, tool, ROW, monkeypatch)


@pytest.fixture
def klaviyo(tool: KlaviyoTool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Klaviyo]:
    connect(monkeypatch, host=tool.url, password=SECRET)
    made = Klaviyo(KlaviyoRow(**(QUICK | ROW | {"id": "klaviyo", "connection": "tool"})), credentials("tool"))
    yield made
    made.close()


def same(world: World, tool: KlaviyoTool, *numbers: int) -> None:
    wanted = keys(customers(*numbers))
    assert tool.members("LIST01") == wanted
    assert world.confirmed("klaviyo") == wanted


def test_add_update_remove_and_silence(world: World, tool: KlaviyoTool) -> None:
    world.promote(customers(*range(12)))
    assert go(world).adds == 12
    same(world, tool, *range(12))
    profile = tool.by("external_id", "c0003")
    assert profile is not None
    assert profile.attributes == {"external_id": "c0003", "email": "c0003@people.example", "first_name": "Ann"}
    assert (profile.properties, profile.consent) == ({"stage": "loyal", "spent": 12.5}, "NEVER_SUBSCRIBED")
    before = len(writes(tool))
    go(world, "tuesday")
    assert len(writes(tool)) == before
    world.promote([*customers(*range(1, 11)), *customers(11, stage="champion")])
    result = go(world, "wednesday")
    assert (result.updates, result.removes) == (1, 1)
    same(world, tool, *range(1, 12))
    sent = [request for request in writes(tool)[before:] if request.method == "POST"]
    assert [len(one.json["data"]["attributes"]["profiles"]["data"]) for one in sent] == [1]
    changed = tool.by("external_id", "c0011")
    assert changed is not None
    assert changed.properties["stage"] == "champion"
    # The person stays, only the membership goes.
    assert tool.by("external_id", "c0000") is not None


@pytest.mark.parametrize("fault", PASSING_FAULTS)
def test_what_may_pass_is_tried_again(klaviyo: Klaviyo, tool: KlaviyoTool, fault: str) -> None:
    tool.faults = {1: fault, 3: fault, 5: fault}
    receipt = klaviyo.send(batch(Operation.ADD, Mode.MEMBERS, person(1), person(2)))
    assert (sorted(receipt.accepted), receipt.rejected) == (["c0001", "c0002"], [])
    assert tool.members("LIST01") == {"c0001", "c0002"}
    count = len(tool.requests)
    tool.faults = {count + 1: fault, count + 3: fault}
    leaving = person(1, external_id=receipt.external_ids["c0001"])
    assert list(klaviyo.send(batch(Operation.REMOVE, Mode.MEMBERS, leaving)).accepted) == ["c0001"]
    assert tool.members("LIST01") == {"c0002"}


def test_silence_after_acting_is_a_timeout(world: World, tool: KlaviyoTool) -> None:
    world.configure([QUICK | ROW | {"id": "klaviyo", "connection": "tool", "timeout_seconds": 0.2}])
    world.promote(customers(1, 2))
    tool.faults = {1: "hang-after"}
    go(world)
    same(world, tool, 1, 2)


def test_retry_after_is_honoured(world: World, tool: KlaviyoTool) -> None:
    world.promote(customers(1))
    tool.faults = {1: "429:1"}
    start = time.monotonic()
    go(world)
    assert time.monotonic() - start >= 1
    same(world, tool, 1)


def test_its_rate_limit_is_met_with_patience(world: World, tool: KlaviyoTool) -> None:
    world.promote(customers(*range(30)))
    tool.windows["slow"] = ((2, 0.5),)
    go(world)
    same(world, tool, *range(30))


def test_a_run_that_breaks_off_is_finished_by_the_next(world: World, tool: KlaviyoTool) -> None:
    world.promote(customers(*range(15)))
    tool.faults = dict.fromkeys(range(4, 8), "500")
    with pytest.raises(DestinationUnavailable, match="no usable answer in 4 attempts"):
        go(world)
    assert len(world.confirmed("klaviyo")) == 10
    go(world, "tuesday")
    same(world, tool, *range(15))


@pytest.mark.parametrize("style", ["payload", "pointer", "neither"])
def test_failed_profiles_are_read_row_by_row(
    world: World, tool: KlaviyoTool, style: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tool.error_style = style
    tool.import_errors = {"c0004": ("invalid", "c0004@people.example of Ann is not valid")}
    world.promote(customers(*range(10)))
    assert go(world).rejected == 1
    same(world, tool, 0, 1, 2, 3, 5, 6, 7, 8, 9)
    assert letters(world) == [("c0004", "invalid: [email] of [first_name] is not valid", False)]
    assert_nothing_leaked(caplog, world)


def test_many_errors_come_in_pages(klaviyo: Klaviyo, tool: KlaviyoTool) -> None:
    tool.import_errors = {f"c{number:04d}": ("invalid", "no") for number in range(150)}
    receipt = klaviyo.send(batch(Operation.ADD, Mode.MEMBERS, *(person(number) for number in range(250))))
    assert {one.customer_key for one in receipt.rejected} == set(tool.import_errors)
    assert set(receipt.accepted) == tool.members("LIST01")
    assert len(receipt.accepted) == 100


def test_a_profile_left_out_in_silence_is_sent_again(
    world: World, tool: KlaviyoTool, caplog: pytest.LogCaptureFixture
) -> None:
    tool.ignored = {"c0002"}
    world.promote(customers(1, 2, 3))
    go(world)
    same(world, tool, 1, 3)
    assert "1 profiles of a complete import are not in the list" in caplog.text
    tool.ignored = set()
    assert go(world, "tuesday").adds == 1
    same(world, tool, 1, 2, 3)


def test_who_was_not_shown_in_the_list_is_removed_all_the_same(world: World, tool: KlaviyoTool) -> None:
    tool.not_shown = {"c0002"}
    world.promote(customers(1, 2))
    go(world)
    assert (tool.members("LIST01"), world.confirmed("klaviyo")) == ({"c0001", "c0002"}, {"c0001"})
    world.promote(customers(1))
    assert go(world, "tuesday").removes == 1
    same(world, tool, 1)


def test_one_bad_row_does_not_stop_the_others(world: World, tool: KlaviyoTool) -> None:
    tool.poisoned = {"c0006"}
    world.promote(customers(*range(10)))
    assert go(world).rejected == 1
    same(world, tool, 0, 1, 2, 3, 4, 5, 7, 8, 9)
    assert letters(world) == [("c0006", "HTTP 400: invalid: [email] is not a valid email.", False)]


def test_a_slow_job_is_waited_for_and_no_longer_than_allowed(world: World, tool: KlaviyoTool) -> None:
    world.promote(customers(1))
    tool.job_looks = 5
    go(world)
    same(world, tool, 1)
    tool.job_looks = 10_000
    world.configure([QUICK | ROW | {"id": "klaviyo", "connection": "tool", "job_timeout_seconds": 0.05}])
    world.promote(customers(1, 2))
    with pytest.raises(DestinationUnavailable, match="import job is 'processing'"):
        go(world, "tuesday")
    assert world.confirmed("klaviyo") == {"c0001"}


def test_bodies_keep_to_five_megabytes(klaviyo: Klaviyo, tool: KlaviyoTool) -> None:
    long = [person(number, attributes={"stage": "x" * 90_000}) for number in range(60)]
    receipt = klaviyo.send(batch(Operation.ADD, Mode.MEMBERS, *long, person(90, attributes={"stage": "x" * 100_000})))
    posts = [request for request in tool.requests if request.method == "POST"]
    assert len(posts) == 2
    assert max(len(request.raw) for request in posts) <= 5_000_000
    assert [(one.customer_key, one.reason) for one in receipt.rejected] == [
        ("c0090", "larger than Klaviyo's 100 KB per profile")
    ]
    assert len(receipt.accepted) == 60


def test_removal_finds_people_by_our_key_and_by_id_and_never_others(klaviyo: Klaviyo, tool: KlaviyoTool) -> None:
    receipt = klaviyo.send(batch(Operation.ADD, Mode.MEMBERS, *(person(number) for number in range(4))))
    # A merge gave one profile another id and another one lost our key; the shop itself put strangers there.
    unkeyed = tool.by("external_id", "c0002")
    assert unkeyed is not None
    unkeyed.attributes.pop("external_id")
    for number, key in ((8, None), (9, "someone else")):
        stranger = tool.add_profile(email=f"c000{number}@people.example", external_id=key)
        tool.lists["LIST01"].add(stranger.id)
    leaving = [
        person(1, external_id="an id of before the merge", contact={}),
        person(2, external_id=receipt.external_ids["c0002"]),
        person(8),  # the address is of a profile that carries no key of ours
        person(9),  # the address belongs to another customer by now
        person(77),  # Klaviyo never heard of this one
    ]
    receipt = klaviyo.send(batch(Operation.REMOVE, Mode.MEMBERS, *leaving))
    assert sorted(receipt.accepted) == ["c0001", "c0002", "c0008", "c0009", "c0077"]
    assert tool.members("LIST01") == {"c0000", "c0003", "someone else", "None"}


def test_removing_someone_deleted_there_is_done(klaviyo: Klaviyo, tool: KlaviyoTool) -> None:
    receipt = klaviyo.send(batch(Operation.ADD, Mode.MEMBERS, person(1), person(2)))
    gone = receipt.external_ids["c0001"]
    del tool.profiles[gone]
    tool.lists["LIST01"].discard(gone)
    leaving = [person(number, external_id=receipt.external_ids[f"c000{number}"], contact={}) for number in (1, 2)]
    assert sorted(klaviyo.send(batch(Operation.REMOVE, Mode.MEMBERS, *leaving)).accepted) == ["c0001", "c0002"]
    assert tool.members("LIST01") == set()


def test_consent_stays_as_it_is(world: World, tool: KlaviyoTool) -> None:
    tool.add_profile("UNSUBSCRIBED", email="c0001@people.example")
    world.promote(customers(1, 2))
    go(world)
    world.promote(customers(2))
    go(world, "tuesday")
    same(world, tool, 2)
    profile = tool.by("external_id", "c0001")
    assert profile is not None
    assert profile.consent == "UNSUBSCRIBED"


def test_profiles_get_properties_and_lose_them_again(klaviyo: Klaviyo, tool: KlaviyoTool) -> None:
    one = tool.add_profile("SUBSCRIBED", email="c0001@people.example")
    one.properties = {"theirs": 1}
    receipt = klaviyo.send(batch(Operation.ADD, Mode.PROFILES, person(1), person(2)))
    assert receipt.external_ids["c0001"] == one.id
    assert one.properties == {"theirs": 1, "stage": "loyal"}
    assert tool.lists["LIST01"] == set()
    # An attribute without a value is taken off.
    klaviyo.send(batch(Operation.UPDATE, Mode.PROFILES, person(2, attributes={"stage": None})))
    assert tool.profiles[receipt.external_ids["c0002"]].properties == {}
    leaving = [Member("c0001", "c0001:2"), Member("c0042", "c0042:2")]
    known = len(tool.profiles)
    assert sorted(klaviyo.send(batch(Operation.REMOVE, Mode.PROFILES, *leaving)).accepted) == ["c0001", "c0042"]
    assert (one.properties, one.consent, len(tool.profiles)) == ({"theirs": 1}, "SUBSCRIBED", known)


def test_events_are_told_once(klaviyo: Klaviyo, tool: KlaviyoTool) -> None:
    def due(number: int, trigger: str | None) -> Member:
        return person(number, attributes={"trigger_key": trigger, "offer": "A"})

    fields = ("trigger_key", "offer")
    first = batch(Operation.ADD, Mode.EVENTS, due(1, "t1"), due(2, "t2"), due(3, None), attributes=fields)
    receipt = klaviyo.send(first)
    assert (sorted(receipt.accepted), [one.reason for one in receipt.rejected]) == (
        ["c0001", "c0002"],
        ["no trigger_key"],
    )
    # Sent again after a crash together with a new one: the bulk job refuses them all, one by one nothing doubles.
    klaviyo.send(batch(Operation.ADD, Mode.EVENTS, due(1, "t1"), due(2, "t2"), due(4, "t4"), attributes=fields))
    assert [event["unique_id"] for event in tool.events] == ["t1", "t2", "t4"]
    assert tool.events[0]["metric"]["data"]["attributes"]["name"] == "Due for an order"
    assert tool.events[0]["properties"] == {"trigger_key": "t1", "offer": "A"}
    tool.poisoned = {"c0005"}
    receipt = klaviyo.send(batch(Operation.UPDATE, Mode.EVENTS, due(5, "t5"), due(6, "t6"), attributes=fields))
    assert (list(receipt.accepted), receipt.rejected[0].reason) == (
        ["c0006"],
        "HTTP 400: invalid: [email] is not valid.",
    )
    # The answer to the bulk is lost, its repetition is refused as a whole.
    tool.faults = {len(tool.requests) + 1: "reset-after"}
    lost = batch(Operation.ADD, Mode.EVENTS, due(7, "t7"), due(8, "t8"), attributes=fields)
    assert sorted(klaviyo.send(lost).accepted) == ["c0007", "c0008"]
    assert [event["unique_id"] for event in tool.events] == ["t1", "t2", "t4", "t6", "t7", "t8"]
    before = len(tool.requests)
    assert klaviyo.send(batch(Operation.REMOVE, Mode.EVENTS, Member("c0001", "x"), attributes=fields)).accepted
    assert len(tool.requests) == before
    with pytest.raises(DestinationRefused, match="no attribute 'trigger_key'"):
        klaviyo.send(batch(Operation.ADD, Mode.EVENTS, person(1)))


def test_read_back(klaviyo: Klaviyo, tool: KlaviyoTool) -> None:
    klaviyo.send(batch(Operation.ADD, Mode.MEMBERS, *(person(number) for number in range(130))))
    held = klaviyo.read_back("loyal")
    assert held is not None
    assert (held.count, held.keys) == (130, tool.members("LIST01"))
    assert klaviyo.read_back("unknown") is None
    klaviyo._row = klaviyo._row.model_copy(update={"read_back_keys_up_to": 100})
    held = klaviyo.read_back("loyal")
    assert held is not None
    assert (held.count, held.keys) == (130, None)


@pytest.mark.parametrize("mode", [Mode.MEMBERS, Mode.EVENTS])
def test_an_audience_without_a_place_is_a_clear_error(klaviyo: Klaviyo, mode: Mode) -> None:
    klaviyo._row = klaviyo._row.model_copy(update={"lists": {}, "metrics": {}})
    with pytest.raises(DestinationRefused, match="says nothing of 'loyal'"):
        klaviyo.send(batch(Operation.ADD, mode, person(1)))


def test_a_list_that_is_not_there_is_a_clear_error(world: World, tool: KlaviyoTool) -> None:
    world.promote(customers(1, 2))
    go(world)
    tool.lists.clear()
    world.promote(customers(2, 3))
    with pytest.raises(DestinationRefused, match="Klaviyo has no list 'LIST01'"):
        go(world, "tuesday")


def test_refused_credentials_stop_at_once(world: World, tool: KlaviyoTool) -> None:
    tool.faults = {1: "401"}
    world.promote(customers(1))
    with pytest.raises(DestinationRefused, match="HTTP 401"):
        go(world)
    assert len(tool.requests) == 1


def test_limits_are_those_of_the_description() -> None:
    spec = cached_spec(make_spec).description["paths"]

    def windows(path: str, method: str) -> tuple[Window, ...]:
        said = spec[path][method]["x-klaviyo-ratelimit"]
        burst, steady = (int(said[name].split("/")[0]) for name in ("burst", "steady"))
        return Window(burst, 1), Window(steady, 60)

    for path, method in ((IMPORT, "post"), (LINK, "delete"), ("/api/event-bulk-create-jobs", "post")):
        assert windows(path, method) == SLOW
    assert windows(f"{IMPORT}/{{job_id}}", "get") == windows(f"{IMPORT}/{{id}}/import-errors", "get") == SLOW
    assert windows("/api/profiles", "get") == windows("/api/lists/{id}/profiles", "get") == FAST
    assert windows("/api/events", "post") == EVENT
    assert windows("/api/lists/{id}", "get") == FAST
    text = spec["/api/lists/{id}"]["get"]["description"]
    counted = text[text.index("profile_count") :]
    assert (prose_limit(counted, r"Burst: `(\d+)/s"), prose_limit(counted, r"Steady: `(\d+)/m")) == (
        COUNT[0].requests,
        COUNT[1].requests,
    )
    text = spec[IMPORT]["post"]["description"]
    assert prose_limit(text, r"up to ([\d,]+) profiles per request") == MAX_PROFILES
    assert prose_limit(text, r"payload size is (\d+)MB") == 5
    assert prose_limit(text, r"per-profile is (\d+)KB") == 100
    assert (
        prose_limit(spec["/api/event-bulk-create-jobs"]["post"]["description"], r"up to ([\d,]+) events") == MAX_EVENTS
    )
    assert prose_limit(spec[LINK]["delete"]["description"], r"maximum of ([\d,]+) profiles per call") == MAX_IDS
    [size] = [one for one in spec["/api/profiles"]["get"]["parameters"] if one.get("name") == "page[size]"]
    assert size["schema"]["maximum"] == PAGE


HEADERS = {
    "Authorization": f"Klaviyo-API-Key {SECRET}",
    "revision": "2026-07-15",
    "Content-Type": "application/vnd.api+json",
}
JOB = {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": []}}}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("POST", IMPORT, {"revision": "2024-01-01"}, {"data": JOB}),
        ("POST", IMPORT, {"Authorization": "Bearer x"}, {"data": JOB}),
        ("POST", IMPORT, {}, {"data": JOB | {"surprise": 1}}),
        (
            "POST",
            IMPORT,
            {},
            {
                "data": {
                    "type": "profile-bulk-import-job",
                    "attributes": {"profiles": {"data": [{"type": "profile", "attributes": {"subscriptions": {}}}]}},
                }
            },
        ),
        (
            "DELETE",
            "/api/lists/LIST01/relationships/profiles",
            {},
            {"data": [{"type": "profile", "id": "x"}] * 1001},
        ),
        ("GET", "/api/profiles?size=5", {}, None),
        ("GET", "/api/profiles?page%5Bsize%5D=101", {}, None),
        ("GET", "/api/profiles?fields%5Bprofile%5D=email,surprise", {}, None),
        ("POST", "/api/profile-subscription-bulk-create-jobs", {}, {}),
    ],
)
def test_the_check_of_requests_can_fail(method: str, path: str, headers: dict[str, str], body: Any) -> None:
    tool = KlaviyoTool()
    tool.check = cached_spec(make_spec)
    tool.start()
    httpx.request(method, tool.url + path, headers=HEADERS | headers, json=body)
    good = httpx.request("POST", tool.url + IMPORT, headers=HEADERS, json={"data": JOB})
    tool.stop()
    assert len(tool.violations) == 1
    assert good.status_code == 202


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/profile-subscription-bulk-create-jobs"),
        ("POST", "/api/profile-subscription-bulk-delete-jobs"),
        ("POST", "/api/profile-suppression-bulk-create-jobs"),
        ("POST", "/api/data-privacy-deletion-jobs"),
        ("DELETE", "/api/lists/LIST01"),
    ],
)
def test_the_stand_in_notices_what_must_never_happen(method: str, path: str) -> None:
    tool = KlaviyoTool()
    tool.start()
    httpx.request(method, tool.url + path, headers=HEADERS)
    tool.stop()
    assert tool.forbidden == [f"{method} {path}"]


def test_the_stand_in_notices_the_removal_of_a_stranger() -> None:
    tool = KlaviyoTool()
    tool.lists["LIST01"].add(tool.add_profile(email="x@people.example").id)
    tool.start()
    body = {"data": [{"type": "profile", "id": next(iter(tool.profiles))}]}
    httpx.request("DELETE", f"{tool.url}/api/lists/LIST01/relationships/profiles", headers=HEADERS, json=body)
    tool.stop()
    assert tool.forbidden == ["removal of a stranger from LIST01"]

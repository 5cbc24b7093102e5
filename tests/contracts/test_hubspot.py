"""HubSpot: every request against its own descriptions, and what is made of each answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from include.demo.tools.base import Request
from include.demo.tools.hubspot import CONTACTS, LISTS, HubSpotTool
from include.destinations.base import DestinationRefused, DestinationUnavailable, Member, Mode, Operation
from include.destinations.credentials import credentials
from include.destinations.hubspot import HubSpot, HubSpotRow
from tests.contracts.asked import writes
from tests.contracts.specs import Spec, cached_spec
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

pytestmark = pytest.mark.xdist_group("hubspot")

OBJECTS = "/crm/objects/2026-09/{objectType}"
ROW: dict[str, Any] = {
    "type": "hubspot",
    "lists": {"loyal": "101"},
    "properties": {"stage": "stage", "spent": "spent"},
    "batch_size": 10,
}


class Specs:
    """HubSpot has one description for contacts and one for lists."""

    def __init__(self) -> None:
        headers = {"authorization": f"Bearer {SECRET}"}

        def hundred(spec: dict[str, Any]) -> None:
            # The description has no limit; 100 is what HubSpot's documentation says.
            for name, schema in spec["components"]["schemas"].items():
                if name.startswith("Batch"):
                    schema["properties"]["inputs"]["maxItems"] = 100

        operations = [f"POST {OBJECTS}/{name}" for name in ("batch/upsert", "batch/update", "batch/read", "search")]
        self.contacts = Spec("hubspot/crm_contacts_2026-09.json", operations, headers, hundred)
        operations = [
            f"GET {LISTS}/{{listId}}",
            f"GET {LISTS}/{{listId}}/memberships",
            f"PUT {LISTS}/{{listId}}/memberships/add-and-remove",
            f"POST {LISTS}/records/memberships/batch/read",
        ]
        self.lists = Spec("hubspot/crm_lists_2026-09.json", operations, headers, hundred)

    def __call__(self, request: Request) -> None:
        (self.lists if request.path.startswith(LISTS) else self.contacts)(request)


@pytest.fixture
def tool() -> Iterator[HubSpotTool]:
    with running(HubSpotTool(), lambda: cached_spec(Specs)) as tool:
        yield tool


@pytest.fixture
def world(tmp_path: Path, tool: HubSpotTool, monkeypatch: pytest.MonkeyPatch) -> World:
    return vendor_world(tmp_path, tool, ROW, monkeypatch)


@pytest.fixture
def hubspot(tool: HubSpotTool, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubSpot]:
    connect(monkeypatch, host=tool.url, password=SECRET)
    made = HubSpot(HubSpotRow(**(QUICK | ROW | {"id": "hubspot", "connection": "tool"})), credentials("tool"))
    yield made
    made.close()


def same(world: World, tool: HubSpotTool, *numbers: int) -> None:
    wanted = keys(customers(*numbers))
    assert tool.members("101") == wanted
    assert world.confirmed("hubspot") == wanted


def changes(tool: HubSpotTool) -> list[Request]:
    """HubSpot reads and searches by POST too."""
    return [request for request in writes(tool) if not request.path.endswith(("/read", "/search"))]


def test_add_update_remove_and_silence(world: World, tool: HubSpotTool) -> None:
    theirs = tool.add_contact(email="c0003@people.example", lastname="Theirs")
    world.promote(customers(*range(12)))
    assert go(world).adds == 12
    same(world, tool, *range(12))
    assert tool.contacts[theirs] == {
        "email": "c0003@people.example",
        "firstname": "Ann",
        "lastname": "Theirs",
        "perennial_customer_key": "c0003",
        "stage": "loyal",
        "spent": "12.50",
    }
    before = len(changes(tool))
    go(world, "tuesday")
    assert len(changes(tool)) == before
    world.promote([*customers(*range(1, 11)), *customers(11, stage="champion")])
    result = go(world, "wednesday")
    assert (result.updates, result.removes) == (1, 1)
    same(world, tool, *range(1, 12))
    upserts = [request.json for request in changes(tool)[before:] if request.path.endswith("upsert")]
    assert [len(one["inputs"]) for one in upserts] == [1]
    assert upserts[0]["inputs"][0]["properties"]["stage"] == "champion"
    # The person stays, only the membership goes.
    assert tool.id_of("c0000@people.example") in tool.contacts


@pytest.mark.parametrize("fault", PASSING_FAULTS)
def test_what_may_pass_is_tried_again(hubspot: HubSpot, tool: HubSpotTool, fault: str) -> None:
    tool.faults = {1: fault, 3: fault, 5: fault}
    receipt = hubspot.send(batch(Operation.ADD, Mode.MEMBERS, person(1), person(2)))
    assert (sorted(receipt.accepted), receipt.rejected) == (["c0001", "c0002"], [])
    assert tool.members("101") == {"c0001", "c0002"}
    count = len(tool.requests)
    tool.faults = {count + 1: fault, count + 3: fault}
    leaving = person(1, external_id=receipt.external_ids["c0001"])
    assert list(hubspot.send(batch(Operation.REMOVE, Mode.MEMBERS, leaving)).accepted) == ["c0001"]
    assert tool.members("101") == {"c0002"}


def test_silence_after_acting_is_a_timeout(world: World, tool: HubSpotTool) -> None:
    world.configure([QUICK | ROW | {"id": "hubspot", "connection": "tool", "timeout_seconds": 0.2}])
    world.promote(customers(1, 2))
    tool.faults = {2: "hang-after", 4: "hang-after"}
    go(world)
    same(world, tool, 1, 2)


def test_retry_after_is_honoured(world: World, tool: HubSpotTool) -> None:
    world.promote(customers(1))
    tool.faults = {2: "429:1"}
    start = time.monotonic()
    go(world)
    assert time.monotonic() - start >= 1
    same(world, tool, 1)


def test_a_run_that_breaks_off_is_finished_by_the_next(world: World, tool: HubSpotTool) -> None:
    world.promote(customers(*range(15)))
    tool.faults = dict.fromkeys(range(5, 9), "500")
    with pytest.raises(DestinationUnavailable, match="no usable answer in 4 attempts"):
        go(world)
    assert len(world.confirmed("hubspot")) == 10
    go(world, "tuesday")
    same(world, tool, *range(15))


def test_errors_inside_a_207_are_read_row_by_row(
    world: World, tool: HubSpotTool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tool.errors = {"c0002@people.example": ("VALIDATION_ERROR", "c0002@people.example of Ann is not valid")}
    tool.left_out = {"c0003@people.example"}
    world.promote(customers(1, 2, 3))
    assert go(world).rejected == 2
    same(world, tool, 1)
    assert letters(world) == [
        ("c0002", "VALIDATION_ERROR: [email] of [first_name] is not valid", False),
        ("c0003", "HubSpot left the contact out of its answer", True),
    ]
    assert_nothing_leaked(caplog, world)
    tool.left_out = set()
    go(world, "tuesday")
    same(world, tool, 1, 3)


def test_one_bad_row_does_not_stop_the_others(world: World, tool: HubSpotTool) -> None:
    tool.poisoned = {"c0006@people.example"}
    world.promote(customers(*range(10)))
    assert go(world).rejected == 1
    same(world, tool, 0, 1, 2, 3, 4, 5, 7, 8, 9)
    assert letters(world) == [("c0006", "HTTP 400: Email address [email] is invalid", False)]


def test_who_is_ignored_by_the_list_is_found(hubspot: HubSpot, tool: HubSpotTool) -> None:
    ids = hubspot.send(batch(Operation.ADD, Mode.MEMBERS, person(1))).external_ids
    two = tool.add_contact(email="c0002@people.example")
    tool.not_listed = {two}
    # The first is in the list already, of which HubSpot says nothing either.
    receipt = hubspot.send(batch(Operation.ADD, Mode.MEMBERS, person(1), person(2)))
    assert (list(receipt.accepted), list(receipt.rejected)) == (["c0001"], [])
    assert receipt.external_ids["c0002"] == two
    tool.stuck = {ids["c0001"]}
    receipt = hubspot.send(batch(Operation.REMOVE, Mode.MEMBERS, person(1), person(2), person(77)))
    assert sorted(receipt.accepted) == ["c0002", "c0077"]
    assert [(one.customer_key, one.retryable) for one in receipt.rejected] == [("c0001", True)]
    tool.stuck = set()
    assert hubspot.send(batch(Operation.REMOVE, Mode.MEMBERS, person(1))).accepted == ["c0001"]
    assert tool.members("101") == set()


def test_removal_follows_merges_and_never_takes_others(hubspot: HubSpot, tool: HubSpotTool) -> None:
    receipt = hubspot.send(batch(Operation.ADD, Mode.MEMBERS, *(person(number) for number in range(5))))
    old = receipt.external_ids["c0001"]
    # c0001 was merged into a new contact, c0002 was deleted, c0003 is by its receipt alone since it lost our key, c0008
    # was put there by the shop before an addition of ours that never arrived, c0009's address is another's.
    merged = tool.add_contact(**tool.contacts.pop(old))
    del tool.contacts[receipt.external_ids["c0002"]]
    tool.lists["101"].members -= {old, receipt.external_ids["c0002"]}
    tool.lists["101"].members.add(merged)
    tool.lists["101"].put_there_by_us.add(merged)
    tool.contacts[receipt.external_ids["c0003"]].pop("perennial_customer_key")
    stranger = tool.add_contact(email="c0009@people.example", perennial_customer_key="someone else")
    shops_own = tool.add_contact(email="c0008@people.example")
    tool.lists["101"].members |= {stranger, shops_own}
    leaving = [
        Member("c0001", "x", old),
        Member("c0002", "x", receipt.external_ids["c0002"]),
        Member("c0003", "x", receipt.external_ids["c0003"]),
        person(8),
        person(9),
        Member("c0004", "x"),
    ]
    receipt = hubspot.send(batch(Operation.REMOVE, Mode.MEMBERS, *leaving))
    assert sorted(receipt.accepted) == ["c0001", "c0002", "c0003", "c0004", "c0008", "c0009"]
    assert shops_own in tool.lists["101"].members
    assert tool.members("101") == {"c0000", "someone else", "none"}  # the shop's own has no key
    assert tool.forbidden == []


def test_a_changed_address_moves_the_membership(world: World, tool: HubSpotTool) -> None:
    world.promote(customers(1, 2))
    go(world)
    former = tool.id_of("c0001@people.example")
    world.promote([*customers(2), *customers(1, email="new@people.example")])
    go(world, "tuesday")
    same(world, tool, 1, 2)
    assert former in tool.contacts
    assert former not in tool.lists["101"].members


def test_a_former_contact_that_stays_in_the_list_is_not_forgotten(hubspot: HubSpot, tool: HubSpotTool) -> None:
    old = hubspot.send(batch(Operation.ADD, Mode.MEMBERS, person(1))).external_ids["c0001"]
    tool.stuck = {old}
    moved = batch(
        Operation.UPDATE, Mode.MEMBERS, person(1, external_id=old, contact={"email": "new@people.example"}), person(2)
    )
    receipt = hubspot.send(moved)
    assert (list(receipt.accepted), list(receipt.external_ids)) == (["c0002"], ["c0002"])
    tool.stuck = set()
    assert sorted(hubspot.send(moved).accepted) == ["c0001", "c0002"]
    assert old not in tool.lists["101"].members


def test_a_profile_that_is_missing_from_the_answer_is_unknown(hubspot: HubSpot, tool: HubSpotTool) -> None:
    tool.left_out = {"c0002@people.example"}
    receipt = hubspot.send(batch(Operation.ADD, Mode.PROFILES, person(1), person(2)))
    assert (list(receipt.accepted), list(receipt.rejected)) == (["c0001"], [])


def test_properties_are_written_and_emptied(hubspot: HubSpot, tool: HubSpotTool) -> None:
    theirs = tool.add_contact(email="c0001@people.example", lastname="Theirs")
    receipt = hubspot.send(batch(Operation.ADD, Mode.PROFILES, person(1), person(2)))
    assert receipt.external_ids["c0001"] == theirs
    assert tool.contacts[theirs]["stage"] == "loyal"
    assert tool.lists["101"].members == set()
    hubspot.send(batch(Operation.UPDATE, Mode.PROFILES, person(2, attributes={"stage": None})))
    assert tool.contacts[receipt.external_ids["c0002"]]["stage"] == ""
    moved = person(1, external_id=theirs, contact={"email": "new@people.example"})
    after = hubspot.send(batch(Operation.UPDATE, Mode.PROFILES, moved))
    assert (tool.contacts[theirs]["stage"], tool.contacts[after.external_ids["c0001"]]["stage"]) == ("", "loyal")
    tool.errors = {"c0002@people.example": ("CONFLICT", "locked")}
    known = len(tool.contacts)
    leaving = [Member("c0001", "x", after.external_ids["c0001"]), person(2), person(42)]
    receipt = hubspot.send(batch(Operation.REMOVE, Mode.PROFILES, *leaving))
    assert sorted(receipt.accepted) == ["c0001", "c0042"]
    assert [(one.customer_key, one.reason) for one in receipt.rejected] == [("c0002", "CONFLICT: locked")]
    assert tool.contacts[after.external_ids["c0001"]]["stage"] == ""
    assert (tool.contacts[theirs]["lastname"], len(tool.contacts)) == ("Theirs", known)


def test_more_than_a_hundred_are_cut(hubspot: HubSpot, tool: HubSpotTool) -> None:
    everyone = [person(number) for number in range(250)]
    assert len(hubspot.send(batch(Operation.ADD, Mode.MEMBERS, *everyone)).accepted) == 250
    held = hubspot.read_back("loyal")
    assert held is not None
    assert (held.count, held.keys) == (250, tool.members("101"))
    assert hubspot.read_back("unknown") is None
    hubspot._row = hubspot._row.model_copy(update={"read_back_keys_up_to": 100})
    held = hubspot.read_back("loyal")
    assert held is not None
    assert (held.count, held.keys) == (250, None)
    assert len(hubspot.send(batch(Operation.REMOVE, Mode.MEMBERS, *everyone)).accepted) == 250
    assert tool.members("101") == set()


def test_its_rate_limit_is_kept(tool: HubSpotTool, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, host=tool.url, password=SECRET)
    row = HubSpotRow(**(QUICK | ROW | {"id": "hubspot", "connection": "tool", "requests_per_10_seconds": 7}))
    made = HubSpot(row, credentials("tool"))
    assert [(window.requests, window.seconds) for window in made._api.windows] == [(7, 10)]
    made.close()


@pytest.mark.parametrize(
    ("mode", "missing"),
    [
        (Mode.MEMBERS, "says nothing of 'loyal' under 'lists'"),
        (Mode.PROFILES, "says nothing of 'stage' under 'properties'"),
    ],
)
def test_an_audience_without_a_place_is_a_clear_error(hubspot: HubSpot, mode: Mode, missing: str) -> None:
    hubspot._row = hubspot._row.model_copy(update={"lists": {}, "properties": {}})
    with pytest.raises(DestinationRefused, match=missing):
        hubspot.send(batch(Operation.ADD, mode, person(1)))


@pytest.mark.parametrize(("lists", "said"), [((), "is not there of nothing"), (("101",), "is DYNAMIC of 0-1")])
def test_a_list_that_is_not_manual_is_a_clear_error(
    hubspot: HubSpot, tool: HubSpotTool, lists: tuple[str, ...], said: str
) -> None:
    tool.lists = {name: type(tool.lists["101"])("DYNAMIC") for name in lists}
    with pytest.raises(DestinationRefused, match=said):
        hubspot.send(batch(Operation.ADD, Mode.MEMBERS, person(1)))
    assert tool.contacts == {}


def test_a_property_that_is_not_there_is_a_clear_error(hubspot: HubSpot, tool: HubSpotTool) -> None:
    tool.known_properties -= {"stage"}
    with pytest.raises(DestinationRefused, match="no such contact property"):
        hubspot.send(batch(Operation.ADD, Mode.MEMBERS, person(1)))


@pytest.mark.parametrize("name", ["hs_marketable_status", "hs_email_optout", "hs_legal_basis"])
def test_consent_cannot_be_mapped(tool: HubSpotTool, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    connect(monkeypatch, host=tool.url, password=SECRET)
    row = HubSpotRow(**(ROW | {"id": "hubspot", "connection": "tool", "properties": {"stage": name}}))
    with pytest.raises(DestinationRefused, match=f"{name} says who may be written to"):
        HubSpot(row, credentials("tool"))


def test_refused_credentials_stop_at_once(world: World, tool: HubSpotTool) -> None:
    tool.faults = {1: "403"}
    world.promote(customers(1))
    with pytest.raises(DestinationRefused, match="HTTP 403"):
        go(world)
    assert len(tool.requests) == 1


AUTH = {"Authorization": f"Bearer {SECRET}"}
ONE = {"id": "x", "idProperty": "email", "properties": {"email": "x"}}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("POST", f"{CONTACTS}/batch/upsert", {"Authorization": "Basic x"}, {"inputs": [ONE]}),
        ("POST", f"{CONTACTS}/batch/upsert", {}, {"inputs": [ONE] * 101}),
        ("POST", f"{CONTACTS}/batch/upsert", {}, {"inputs": [ONE | {"surprise": 1}]}),
        ("POST", f"{CONTACTS}/batch/upsert", {}, {"inputs": [ONE | {"properties": {"spent": 12.5}}]}),
        ("POST", f"{CONTACTS}/batch/read", {}, {"inputs": [{"id": "1"}], "properties": []}),
        ("POST", f"{CONTACTS}/batch/archive", {}, {"inputs": [{"id": "1"}]}),
        ("PUT", f"{LISTS}/101/memberships/add-and-remove", {}, {"recordIdsToAdd": ["1"]}),
        ("GET", f"{LISTS}/101/memberships?surprise=1", {}, None),
        ("DELETE", f"{LISTS}/101/memberships", {}, None),
    ],
)
def test_the_check_of_requests_can_fail(method: str, path: str, headers: dict[str, str], body: Any) -> None:
    tool = HubSpotTool()
    tool.check = cached_spec(Specs)
    tool.start()
    httpx.request(method, tool.url + path, headers=AUTH | headers, json=body)
    good = httpx.post(f"{tool.url}{CONTACTS}/batch/upsert", headers=AUTH, json={"inputs": [ONE]})
    tool.stop()
    assert len(tool.violations) == 1, tool.violations
    assert good.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{CONTACTS}/batch/archive", None),
        ("POST", f"{CONTACTS}/gdpr-delete", None),
        ("POST", f"{CONTACTS}/merge", None),
        ("DELETE", f"{CONTACTS}/1", None),
        ("DELETE", f"{LISTS}/101/memberships", None),
        ("DELETE", f"{LISTS}/101", None),
        ("PUT", f"{LISTS}/101/memberships/add-from/102", None),
        ("POST", f"{CONTACTS}/batch/upsert", {"inputs": [{"properties": {"hs_marketable_status": "true"}}]}),
    ],
)
def test_the_stand_in_notices_what_must_never_happen(method: str, path: str, body: Any) -> None:
    tool = HubSpotTool()
    tool.start()
    httpx.request(method, tool.url + path, headers=AUTH, json=body)
    tool.stop()
    assert tool.forbidden == [f"{method} {path}"]


def test_the_stand_in_notices_the_removal_of_a_stranger() -> None:
    tool = HubSpotTool()
    one = tool.add_contact(email="x@people.example")
    tool.lists["101"].members.add(one)
    tool.start()
    body = {"recordIdsToAdd": [], "recordIdsToRemove": [one]}
    httpx.put(f"{tool.url}{LISTS}/101/memberships/add-and-remove", headers=AUTH, json=body)
    tool.stop()
    assert tool.forbidden == ["removal of a stranger from 101"]

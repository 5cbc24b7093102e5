"""Mailchimp: every request against its own description, and what is made of each answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from include.demo.tools.mailchimp import MailchimpTool
from include.destinations.base import DestinationRefused, DestinationUnavailable, Member, Mode, Operation
from include.destinations.credentials import Credentials, credentials
from include.destinations.mailchimp import Mailchimp, MailchimpRow
from include.destinations.mailchimp_api import MAX_MEMBERS, PAGE, base_url
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
    letters,
    person,
    running,
    vendor_world,
)
from tests.unit.publisher.world import World, customers

LIST = "/lists/{list_id}"
CHANGE = f"{LIST}/segments/{{segment_id}}"
OPERATIONS = [
    f"GET {LIST}/tag-search",
    f"POST {LIST}/segments",
    f"POST {CHANGE}",
    f"GET {CHANGE}/members",
    f"DELETE {CHANGE}/members/{{subscriber_hash}}",
    f"GET {LIST}/members",
    f"GET {LIST}/members/{{subscriber_hash}}",
    f"PUT {LIST}/members/{{subscriber_hash}}",
    f"PATCH {LIST}/members/{{subscriber_hash}}",
]
TAG = "Perennial: loyal"
ROW: dict[str, Any] = {
    "type": "mailchimp",
    "list_id": "list1",
    "tags": {"loyal": TAG},
    "merge_fields": {"first_name": "FNAME", "stage": "STAGE", "spent": "SPENT"},
    "connections": 1,
    "batch_size": 10,
}
ABSENT = "not on the Mailchimp list, and never put there by Perennial"


def make_spec() -> Spec:
    def limits(spec: dict[str, Any]) -> None:
        fields = spec["paths"][CHANGE]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
        for name in ("members_to_add", "members_to_remove"):
            fields[name]["maxItems"] = prose_limit(fields[name]["description"], r"maximum of ([\d,]+) members")
        # The one thing a request may say about a status.
        put = spec["paths"][f"{LIST}/members/{{subscriber_hash}}"]["put"]["requestBody"]["content"]["application/json"]
        put["schema"]["properties"]["status_if_new"]["enum"] = ["transactional"]
        for method in ("put", "patch"):
            body = spec["paths"][f"{LIST}/members/{{subscriber_hash}}"][method]["requestBody"]
            del body["content"]["application/json"]["schema"]["properties"]["status"]

    return Spec("mailchimp/openapi.json", OPERATIONS, {"authorization": "Basic [A-Za-z0-9+/=]+"}, limits, base="/3.0")


@pytest.fixture
def tool() -> Iterator[MailchimpTool]:
    with running(MailchimpTool(), lambda: cached_spec(make_spec)) as tool:
        tool.sign_up(*(f"c{number:04d}@people.example" for number in range(30)))
        yield tool
        # Nobody's status is another than at the sign-up, whatever the test did.
        for email, status in tool.statuses().items():
            assert status == tool.signed_up.get(email, "transactional")


@pytest.fixture
def world(tmp_path: Path, tool: MailchimpTool, monkeypatch: pytest.MonkeyPatch) -> World:
    return vendor_world(tmp_path, tool, ROW, monkeypatch)


@pytest.fixture
def mailchimp(tool: MailchimpTool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailchimp]:
    yield from make(tool, monkeypatch)


def make(tool: MailchimpTool, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Iterator[Mailchimp]:
    connect(monkeypatch, host=tool.url, password=SECRET)
    row = MailchimpRow(**(QUICK | ROW | {"id": "mailchimp", "connection": "tool"} | more))
    made = Mailchimp(row, credentials("tool"))
    yield made
    made.close()


def emails(*numbers: int) -> set[str]:
    return {f"c{number:04d}@people.example" for number in numbers}


def same(world: World, tool: MailchimpTool, *numbers: int) -> None:
    assert tool.members(TAG) == emails(*numbers)
    assert world.confirmed("mailchimp") == {customer.key for customer in customers(*numbers)}


def test_add_update_remove_and_silence(world: World, tool: MailchimpTool) -> None:
    world.promote(customers(*range(12)))
    assert go(world).adds == 12
    same(world, tool, *range(12))
    # Mailchimp's name for an address is an MD5 that can be guessed; the ledger has only its opaque id.
    ids = {uid for (uid,) in world.ledger("select external_id from publish_members")}
    assert ids == {tool.person(email).uid for email in emails(*range(12))}
    before = len(writes(tool))
    go(world, "tuesday")
    assert len(writes(tool)) == before
    world.promote([*customers(*range(1, 11)), *customers(11, stage="champion")], forgotten=customers(0))
    result = go(world, "wednesday")
    assert (result.updates, result.removes) == (1, 1)
    same(world, tool, *range(1, 12))
    changes = [request.json for request in writes(tool)[before:] if request.method == "POST"]
    assert changes == [
        {"members_to_remove": ["c0000@people.example"]},
        {"members_to_add": ["c0011@people.example"]},
    ]


@pytest.mark.parametrize("fault", [*PASSING_FAULTS, "bare-403"])
def test_what_may_pass_is_tried_again(mailchimp: Mailchimp, tool: MailchimpTool, fault: str) -> None:
    tool.faults = {1: fault, 3: fault, 5: fault}
    receipt = mailchimp.send(batch(Operation.ADD, Mode.MEMBERS, person(1), person(2)))
    assert (sorted(receipt.accepted), receipt.rejected) == (["c0001", "c0002"], [])
    assert tool.members(TAG) == emails(1, 2)
    count = len(tool.requests)
    tool.faults = {count + 1: fault, count + 3: fault}
    leaving = person(1, external_id=receipt.external_ids["c0001"])
    assert list(mailchimp.send(batch(Operation.REMOVE, Mode.MEMBERS, leaving)).accepted) == ["c0001"]
    assert tool.members(TAG) == emails(2)


def test_a_403_that_says_why_is_a_refusal(world: World, tool: MailchimpTool) -> None:
    tool.faults = {1: "403"}
    world.promote(customers(1))
    with pytest.raises(DestinationRefused, match="HTTP 403"):
        go(world)
    assert len(tool.requests) == 1


def test_silence_after_acting_is_a_timeout(world: World, tool: MailchimpTool) -> None:
    world.configure([QUICK | ROW | {"id": "mailchimp", "connection": "tool", "timeout_seconds": 0.2}])
    world.promote(customers(1, 2))
    tool.faults = {2: "hang-after", 4: "hang-after"}
    go(world)
    same(world, tool, 1, 2)
    assert len(tool.tags) == 1


def test_retry_after_is_honoured(world: World, tool: MailchimpTool) -> None:
    world.promote(customers(1))
    tool.faults = {1: "429:1"}
    start = time.monotonic()
    go(world)
    assert time.monotonic() - start >= 1


def test_a_run_that_breaks_off_is_finished_by_the_next(world: World, tool: MailchimpTool) -> None:
    world.promote(customers(*range(15)))
    tool.faults = dict.fromkeys(range(4, 8), "500")
    with pytest.raises(DestinationUnavailable, match="no usable answer in 4 attempts"):
        go(world)
    assert len(world.confirmed("mailchimp")) == 10
    go(world, "tuesday")
    same(world, tool, *range(15))


def test_who_is_not_on_the_list_is_found_and_comes_in_when_they_sign_up(
    world: World, tool: MailchimpTool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    del tool.people[tool.person("c0029@people.example").hash]
    world.promote(customers(1, 29))
    assert go(world).rejected == 1
    same(world, tool, 1)
    assert letters(world) == [("c0029", ABSENT, True)]
    assert_nothing_leaked(caplog, world)
    tool.sign_up("c0029@people.example")
    go(world, "tuesday")
    same(world, tool, 1, 29)
    assert letters(world) == []


def test_the_unsubscribed_stay_so(world: World, tool: MailchimpTool) -> None:
    tool.sign_up("c0040@people.example", status="unsubscribed")
    world.promote(customers(1, 40))
    go(world)
    world.promote(customers(1))
    go(world, "tuesday")
    assert tool.person("c0040@people.example").status == "unsubscribed"
    same(world, tool, 1)


def test_transactional_only_when_the_row_says_so(tool: MailchimpTool, monkeypatch: pytest.MonkeyPatch) -> None:
    tool.sign_up("c0050@people.example", status="unsubscribed")
    tool.deleted_for_good = {"c0061@people.example"}
    for made in make(tool, monkeypatch, status_if_new="transactional"):
        receipt = made.send(batch(Operation.ADD, Mode.MEMBERS, person(1), person(50), person(60), person(61)))
    assert set(receipt.accepted) == {"c0001", "c0050", "c0060"}
    assert [(one.customer_key, one.reason) for one in receipt.rejected] == [
        ("c0061", "HTTP 400: [email] was permanently deleted and cannot be re-imported.")
    ]
    assert tool.person("c0060@people.example").status == "transactional"
    assert tool.person("c0050@people.example").status == "unsubscribed"


def test_errors_inside_a_200_are_read_row_by_row(
    world: World, tool: MailchimpTool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    tool.errors = {"c0002@people.example": "c0002@people.example of Ann cannot be tagged"}
    world.promote(customers(1, 2, 3))
    assert go(world).rejected == 1
    same(world, tool, 1, 3)
    assert letters(world) == [("c0002", "[email] of [first_name] cannot be tagged", True)]
    assert_nothing_leaked(caplog, world)


def test_a_removal_that_fails_is_tried_by_id_and_otherwise_rejected(mailchimp: Mailchimp, tool: MailchimpTool) -> None:
    receipt = mailchimp.send(batch(Operation.ADD, Mode.MEMBERS, person(2), person(3)))
    tool.errors = dict.fromkeys(emails(2, 3), "c0003@people.example is locked")
    leaving = [person(2, external_id=receipt.external_ids["c0002"]), person(3)]
    receipt = mailchimp.send(batch(Operation.REMOVE, Mode.MEMBERS, *leaving))
    assert list(receipt.accepted) == ["c0002"]
    assert [(one.customer_key, one.reason, one.retryable) for one in receipt.rejected] == [
        ("c0003", "[email] is locked", True)
    ]
    assert tool.members(TAG) == emails(3)
    tool.errors = {}
    assert list(mailchimp.send(batch(Operation.REMOVE, Mode.MEMBERS, person(3))).accepted) == ["c0003"]
    assert tool.members(TAG) == set()


def test_one_bad_row_does_not_stop_the_others(world: World, tool: MailchimpTool) -> None:
    tool.poisoned = {"c0006@people.example"}
    world.promote(customers(*range(10)))
    assert go(world).rejected == 1
    same(world, tool, 0, 1, 2, 3, 4, 5, 7, 8, 9)
    assert letters(world) == [("c0006", "HTTP 400: [email] looks fake or invalid.", False)]


def test_a_changed_address_takes_the_tag_along(world: World, tool: MailchimpTool) -> None:
    world.promote(customers(1, 2))
    go(world)
    tool.sign_up("new@people.example")
    world.promote([*customers(2), *customers(1, email="new@people.example")])
    go(world, "tuesday")
    assert tool.members(TAG) == {"new@people.example", *emails(2)}
    # And who leaves is found under the address that was tagged, not the one of today.
    world.promote(customers(2), forgotten=customers(1, email="newest@people.example"))
    go(world, "wednesday")
    same(world, tool, 2)


def test_who_has_no_contact_any_more_is_removed_by_the_id_of_the_receipt(
    mailchimp: Mailchimp, tool: MailchimpTool
) -> None:
    receipt = mailchimp.send(batch(Operation.ADD, Mode.MEMBERS, person(1), person(2)))
    leaving = [
        Member("c0001", "c0001:2", receipt.external_ids["c0001"]),
        Member("c0002", "c0002:2", "uid of somebody who left the list"),
        Member("c0077", "c0077:2"),
    ]
    assert sorted(mailchimp.send(batch(Operation.REMOVE, Mode.MEMBERS, *leaving)).accepted) == [
        "c0001",
        "c0002",
        "c0077",
    ]
    assert tool.members(TAG) == emails(2)


def test_batches_of_five_hundred_and_many_pages(tool: MailchimpTool, monkeypatch: pytest.MonkeyPatch) -> None:
    tool.sign_up(*(f"c{number:04d}@people.example" for number in range(100, 2600)))
    everyone = [person(number) for number in range(100, 2600)]
    for made in make(tool, monkeypatch):
        assert len(made.send(batch(Operation.ADD, Mode.MEMBERS, *everyone)).accepted) == 2500
        posts = [len(one.json["members_to_add"]) for one in tool.requests if b"members_to_add" in one.raw]
        assert posts == [500] * 5
        # All of them again: nobody is named as added, so the tag is read, a thousand at a time.
        before = len(tool.requests)
        again = made.send(batch(Operation.ADD, Mode.MEMBERS, *everyone[-500:]))
        assert len(again.accepted) == 500
        assert len(tool.requests) - before <= 4
        # One member alone is looked at alone.
        before = len(tool.requests)
        assert made.send(batch(Operation.ADD, Mode.MEMBERS, everyone[0])).accepted
        assert len(tool.requests) - before <= 3
        held = made.read_back("loyal")
        assert held is not None
        assert (held.count, held.keys) == (2500, None)
        assert made.read_back("unknown") is None


def test_merge_fields_are_written_and_emptied(mailchimp: Mailchimp, tool: MailchimpTool) -> None:
    tool.sign_up("c0040@people.example", status="unsubscribed")
    tool.poisoned = {"c0005@people.example"}
    receipt = mailchimp.send(batch(Operation.ADD, Mode.PROFILES, person(1), person(40), person(5), person(70)))
    assert sorted(receipt.accepted) == ["c0001", "c0040"]
    assert {one.customer_key: (one.reason, one.retryable) for one in receipt.rejected} == {
        "c0005": ("HTTP 400: [email] has a value that does not fit.", False),
        "c0070": (ABSENT, True),
    }
    one = tool.person("c0001@people.example")
    assert one.fields == {"FNAME": "Annabel", "STAGE": "loyal"}
    mailchimp.send(batch(Operation.UPDATE, Mode.PROFILES, person(1, attributes={"stage": None})))
    assert one.fields["STAGE"] == ""
    mailchimp.send(batch(Operation.UPDATE, Mode.PROFILES, person(1)))
    # Another address: the values move along.
    moved = person(1, external_id=receipt.external_ids["c0001"], contact={"email": "c0009@people.example"})
    receipt = mailchimp.send(batch(Operation.UPDATE, Mode.PROFILES, moved))
    assert (one.fields["STAGE"], one.fields["FNAME"]) == ("", "Annabel")
    other = tool.person("c0009@people.example")
    assert other.fields["STAGE"] == "loyal"
    leaving = [Member("c0001", "x", receipt.external_ids["c0001"]), Member("c0077", "x"), person(70)]
    assert len(mailchimp.send(batch(Operation.REMOVE, Mode.PROFILES, *leaving)).accepted) == 3
    assert other.fields["STAGE"] == ""


def test_merge_fields_are_written_several_at_a_time(tool: MailchimpTool, monkeypatch: pytest.MonkeyPatch) -> None:
    for made in make(tool, monkeypatch, connections=4):
        receipt = made.send(batch(Operation.ADD, Mode.PROFILES, *(person(number) for number in range(30))))
    assert len(receipt.accepted) == 30
    assert {one.fields["STAGE"] for one in tool.people.values()} == {"loyal"}


def test_a_merge_field_that_is_ignored_is_a_clear_error(mailchimp: Mailchimp, tool: MailchimpTool) -> None:
    tool.merge_tags = ("FNAME",)
    with pytest.raises(DestinationRefused, match="has no merge field STAGE"):
        mailchimp.send(batch(Operation.ADD, Mode.PROFILES, person(1)))


@pytest.mark.parametrize(
    ("mode", "missing"),
    [
        (Mode.MEMBERS, "says nothing of 'loyal' under 'tags'"),
        (Mode.PROFILES, "says nothing of 'stage' under 'merge_fields'"),
    ],
)
def test_an_audience_without_a_place_is_a_clear_error(mailchimp: Mailchimp, mode: Mode, missing: str) -> None:
    mailchimp._row = mailchimp._row.model_copy(update={"tags": {}, "merge_fields": {}})
    with pytest.raises(DestinationRefused, match=missing):
        mailchimp.send(batch(Operation.ADD, mode, person(1)))


def test_a_member_without_an_address_is_rejected(mailchimp: Mailchimp, tool: MailchimpTool) -> None:
    receipt = mailchimp.send(batch(Operation.ADD, Mode.MEMBERS, person(1), person(2, contact={"phone": "+4930123456"})))
    assert (list(receipt.accepted), [one.customer_key for one in receipt.rejected]) == (["c0001"], ["c0002"])


def test_the_key_names_its_data_centre() -> None:
    assert base_url(Credentials("mc", password="0123-us19")) == "https://us19.api.mailchimp.com/3.0"
    with pytest.raises(DestinationRefused, match="no Mailchimp key"):
        base_url(Credentials("mc", password="0123456789"))


def test_limits_are_those_of_the_description() -> None:
    spec = cached_spec(make_spec).description["paths"]
    for method, path in (("get", f"{CHANGE}/members"), ("get", f"{LIST}/members")):
        [count] = [one for one in spec[path][method]["parameters"] if one.get("name") == "count"]
        assert count["schema"]["maximum"] == PAGE
    body = spec[CHANGE]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert body["members_to_add"]["maxItems"] == body["members_to_remove"]["maxItems"] == MAX_MEMBERS


AUTH = {"Authorization": "Basic eDp5"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("POST", "/3.0/lists/list1/segments/1", {"Authorization": "Bearer x"}, {"members_to_add": []}),
        ("POST", "/3.0/lists/list1/segments/1", {}, {"members_to_add": ["x"] * 501}),
        ("POST", "/3.0/lists/list1/segments/1", {}, {"members": ["x"]}),
        ("POST", "/3.0/lists/list1/segments", {}, {"static_segment": []}),
        ("POST", "/3.0/lists/list1", {}, {"members": [{"email_address": "x", "status": "subscribed"}]}),
        ("PATCH", "/3.0/lists/list1/members/abc", {}, {"status": "subscribed"}),
        ("PUT", "/3.0/lists/list1/members/abc", {}, {"email_address": "x", "status_if_new": "subscribed"}),
        ("GET", "/3.0/lists/list1/segments/1/members?count=1001", {}, None),
        ("GET", "/3.0/lists/list1/members?surprise=1", {}, None),
        ("DELETE", "/3.0/lists/list1/members/abc", {}, None),
    ],
)
def test_the_check_of_requests_can_fail(method: str, path: str, headers: dict[str, str], body: Any) -> None:
    tool = MailchimpTool()
    tool.check = cached_spec(make_spec)
    tool.start()
    httpx.request(method, tool.url + path, headers=AUTH | headers, json=body)
    good = httpx.get(f"{tool.url}/3.0/lists/list1/tag-search?name=x", headers=AUTH)
    tool.stop()
    assert len(tool.violations) == 1
    assert good.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/3.0/lists/list1", {"members": []}),
        ("POST", "/3.0/batches", {}),
        ("POST", "/3.0/lists/list1/members", {}),
        ("PATCH", "/3.0/lists/list1/members/abc", {"status": "subscribed"}),
        ("PUT", "/3.0/lists/list1/members/abc", {"email_address": "x", "status_if_new": "subscribed"}),
        ("DELETE", "/3.0/lists/list1/members/abc", None),
        ("POST", "/3.0/lists/list1/members/abc/actions/delete-permanent", None),
        ("DELETE", "/3.0/lists/list1/segments/1", None),
    ],
)
def test_the_stand_in_notices_what_must_never_happen(method: str, path: str, body: Any) -> None:
    tool = MailchimpTool()
    tool.start()
    httpx.request(method, tool.url + path, headers=AUTH, json=body)
    tool.stop()
    assert tool.forbidden == [f"{method} {path}"]


def test_the_stand_in_notices_a_stranger_who_loses_the_tag() -> None:
    tool = MailchimpTool()
    tool.sign_up("x@people.example")
    tool.tags[1] = (TAG, {tool.person("x@people.example").hash})
    tool.start()
    url = f"{tool.url}/3.0/lists/list1/segments/1"
    httpx.post(url, headers=AUTH, json={"members_to_remove": ["x@people.example"]})
    tool.stop()
    assert tool.forbidden == ["a stranger was untagged"]

"""retailCRM against the stand-in, and the stand-in against the vendor's recorded answers: there is no specification."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from include.demo.tools.base import Request
from include.demo.tools.retailcrm import Customer, Retailcrm
from include.destinations import retailcrm as module
from include.destinations.api import Window
from include.destinations.base import DestinationRefused, DestinationUnavailable, Mode, Operation
from include.destinations.config import ConfigError, load_destinations
from tests.contracts.asked import writes
from tests.contracts.specs import SPECS
from tests.contracts.vendors import (
    assert_nothing_leaked,
    batch_of,
    connect,
    destination,
    everything_logged,
    go,
    keys,
    running,
    vendor_row,
)
from tests.unit.publisher.world import World, customers, make_world

KEY = "key-of-the-test-0123456789"
TAG = "perennial: loyal"
SAMPLES = SPECS / "retailcrm" / "samples"


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Retailcrm]:
    tool = Retailcrm(KEY)
    for number in range(30):
        tool.customers[100 + number] = Customer(100 + number, f"C{number:04d}@people.example", f"shop-{number}")
    # Whose address contains another's, and who has a customer's address in another site.
    tool.customers[900] = Customer(900, "xc0001@people.example")
    tool.customers[901] = Customer(901, "c0002@people.example", "shop-2", site="other")
    monkeypatch.setattr(module, "PER_SECOND", (Window(1000, 1),))
    with running(tool):
        connect(monkeypatch, host=tool.url, password=KEY)
        yield tool
    assert all(one.subscribed for one in tool.customers.values())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.delenv("PERENNIAL_LEDGER_KEY", raising=False)
    world = make_world(tmp_path)
    configure(world)
    return world


def configure(world: World, mode: str = "members", **row: Any) -> None:
    keys_ = {"site": "shop", "tags": {"loyal": TAG}, "fields": {"stage": "stage", "spent": "spent"}}
    task = {"text": "Call: second order is due", "performer": 27, "due": "due_from", "days": 1}
    more = {"tasks": {"loyal": task}, "time_zone": "Europe/Berlin"}
    world.configure([vendor_row("retailcrm", **(keys_ | more | row))], mode=mode)


def edits(crm: Retailcrm) -> list[Request]:
    return [request for request in crm.requests if request.path.endswith("/edit")]


def same_everywhere(world: World, crm: Retailcrm, *numbers: int) -> None:
    assert crm.members(TAG) == {f"C{number:04d}@people.example" for number in numbers}
    assert world.confirmed("retailcrm") == keys(customers(*numbers))


def event(*numbers: int, operation: Operation = Operation.ADD, key: str = "79f610263254db35") -> Any:
    due = datetime(2026, 1, 2, 23, 30, tzinfo=UTC)
    return batch_of(*numbers, operation=operation, mode=Mode.EVENTS, trigger_key=key, due_from=due, offer_id="coupon")


def test_members_get_and_lose_the_tag(world: World, crm: Retailcrm) -> None:
    world.promote(customers(*range(12)))
    assert go(world).adds == 12
    same_everywhere(world, crm, *range(12))
    tagging = {"addTags": [TAG], "customFields": {"perennial_customer_key": "c0001"}}
    assert edits(crm)[1].form == {"by": "id", "site": "shop", "customer": json.dumps(tagging)}
    assert edits(crm)[1].path == "/api/v5/customers/101/edit"
    world.promote(customers(*range(1, 12)))
    before = len(writes(crm))
    assert go(world, "tuesday").removes == 1
    same_everywhere(world, crm, *range(1, 12))
    # Found by the CRM's id of the first receipt, though the contact is gone.
    assert [request.form["customer"] for request in writes(crm)[before:]] == [json.dumps({"removeTags": [TAG]})]
    before = len(writes(crm))
    assert go(world, "wednesday").unchanged == 11
    assert len(writes(crm)) == before
    there = destination(world)
    assert there.read_back("loyal").count == 11
    there.close()


def test_a_change_sends_just_the_change(world: World, crm: Retailcrm) -> None:
    configure(world, mode="profiles")
    world.promote(customers(*range(5)))
    go(world)
    assert crm.customers[103].fields == {"stage": "loyal", "spent": 12.5}
    before = len(edits(crm))
    world.promote([*customers(0, 1, 2, 3), *customers(4, stage="vip")])
    assert go(world, "tuesday").updates == 1
    assert len(edits(crm)) == before + 1
    assert crm.customers[104].fields == {"stage": "vip", "spent": 12.5}
    world.promote(customers(0, 1, 2, 3), suppressed=[("c0004", "email")])
    go(world, "wednesday")
    # Cleared, and the person is still there.
    assert crm.customers[104].fields == {"stage": None, "spent": None}


def test_customers_of_the_shop_are_found_by_its_own_ids(world: World, crm: Retailcrm) -> None:
    configure(world, find_by="shop_id")
    there = destination(world)
    batch = batch_of(1, 2, 3, contact={})
    ids = {"c0001": "shop-1", "c0002": "shop-2", "c0003": "shop-77"}
    members = tuple(replace(member, attributes={"shop_id": ids[member.customer_key]}) for member in batch.members)
    receipt = there.send(replace(batch, members=members))
    assert (list(receipt.accepted), dict(receipt.external_ids)) == (
        ["c0001", "c0002"],
        {"c0001": "101", "c0002": "102"},
    )
    assert [(one.customer_key, one.retryable) for one in receipt.rejected] == [("c0003", True)]
    # One question for all, in our site only.
    assert [request.path for request in crm.requests if request.method == "GET"] == ["/api/v5/customers"]
    assert crm.customers[901].tags == set()
    # Who has no such id is found by address.
    assert there.send(batch_of(4)).accepted == ["c0004"]
    # A removal of whom nothing is known cannot be called done.
    gone = there.send(batch_of(5, operation=Operation.REMOVE, contact={}))
    assert (gone.accepted, gone.rejected[0].retryable) == ([], True)
    there.close()


def test_who_is_not_in_the_crm_is_not_created(world: World, crm: Retailcrm) -> None:
    world.promote(customers(1, 77))
    assert go(world).rejected == 1
    same_everywhere(world, crm, 1)
    assert world.ledger("select customer_key, reason, retryable from publish_dead_letters") == [
        ("c0077", "there is no such customer in the CRM's site", 1)
    ]
    there = destination(world)
    assert there.send(batch_of(77, operation=Operation.REMOVE)).accepted == ["c0077"]
    there.close()
    crm.customers[177] = Customer(177, "C0077@people.example")
    go(world, "tuesday")
    same_everywhere(world, crm, 1, 77)


def test_an_address_of_two_customers_is_nobodys(world: World, crm: Retailcrm) -> None:
    crm.customers[902] = Customer(902, "c0003@people.example")
    there = destination(world)
    for operation in (Operation.ADD, Operation.UPDATE):
        receipt = there.send(batch_of(3, operation=operation))
        assert receipt.accepted == []
        assert receipt.rejected[0].reason == "2 customers of the CRM's site have this address"
    # Neither carries our key, so neither was tagged by us.
    assert there.send(batch_of(3, operation=Operation.REMOVE)).accepted == ["c0003"]
    there.close()
    assert edits(crm) == []


def test_a_tag_that_the_shop_set_stays_when_an_addition_of_ours_never_arrived(world: World, crm: Retailcrm) -> None:
    crm.customers[102].tags.add(TAG)
    world.promote(customers(1, 2, 3))
    # The search of the first comes through, then the CRM is away for all edits.
    crm.faults = dict.fromkeys(range(4, 40), "500")
    with pytest.raises(DestinationUnavailable):
        go(world)
    crm.faults = {}
    world.promote(customers(3), forgotten=customers(1, 2))
    go(world, "tuesday")
    assert crm.customers[102].tags == {TAG}
    assert world.confirmed("retailcrm") == {"c0003"}


def test_a_tag_of_ours_is_taken_off_when_the_answer_was_lost(world: World, crm: Retailcrm) -> None:
    world.promote(customers(2, 3))
    # Tagged, but every answer is cut off, so the ledger has no id of the CRM.
    crm.faults = dict.fromkeys(range(3, 40), "reset-after")
    with pytest.raises(DestinationUnavailable):
        go(world)
    assert crm.customers[102].tags == {TAG}
    crm.faults = {}
    world.promote(customers(3), forgotten=customers(2))
    go(world, "tuesday")
    same_everywhere(world, crm, 3)


def test_a_crm_without_the_key_field_stops_the_run(world: World, crm: Retailcrm) -> None:
    del crm.codes["perennial_customer_key"]
    world.promote(customers(1))
    with pytest.raises(DestinationRefused, match="text field 'perennial_customer_key'"):
        go(world)
    assert world.ledger("select count(*) from publish_dead_letters") == [(0,)]


def test_a_customer_merged_into_another_is_found_again(world: World, crm: Retailcrm) -> None:
    world.promote(customers(1, 2))
    go(world)
    crm.customers[555] = replace(crm.customers.pop(101), id=555)
    world.promote([*customers(1, stage="vip"), *customers(2)])
    assert go(world, "tuesday").updates == 1
    world.promote(customers(2), forgotten=customers(1))
    go(world, "wednesday")
    same_everywhere(world, crm, 2)


def test_a_refused_customer_is_a_dead_letter_and_the_rest_goes_through(world: World, crm: Retailcrm) -> None:
    configure(world, mode="profiles")
    crm.codes["stage"] = int
    there = destination(world)
    receipt = there.send(batch_of(1, mode=Mode.PROFILES, stage="loyal", spent=Decimal("1.50")))
    assert receipt.accepted == []
    [one] = receipt.rejected
    assert (one.reason, one.retryable) == ("Errors in the entity format; loyal is not valid for [email]", False)
    good = there.send(batch_of(2, mode=Mode.PROFILES, stage=3, since=datetime(2026, 1, 1, tzinfo=UTC)))
    assert good.accepted == ["c0002"]
    assert crm.customers[102].fields == {"stage": 3}
    there.close()


def test_a_refusal_inside_a_200_is_believed(world: World, crm: Retailcrm) -> None:
    # Both customers are looked for first.
    crm.faults = {3: "no:c0001@people.example is locked"}
    world.promote(customers(1, 2))
    assert go(world).rejected == 1
    same_everywhere(world, crm, 2)
    assert world.ledger("select reason from publish_dead_letters") == [("[email] is locked",)]


@pytest.mark.parametrize("fault", ["500", "503", "429:1", "reset-before", "reset-after", "truncated", "twice"])
@pytest.mark.parametrize("number", [1, 4])
def test_what_passes_is_tried_again(world: World, crm: Retailcrm, fault: str, number: int) -> None:
    """Requests 1 to 3 look for customers, 4 to 6 edit them, 7 reads back."""
    crm.faults = {number: fault}
    world.promote(customers(1, 2, 3))
    assert go(world).adds == 3
    same_everywhere(world, crm, 1, 2, 3)
    assert len(crm.requests) == (7 if fault == "twice" else 8)


def test_the_limit_of_requests_is_kept(world: World, crm: Retailcrm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PER_SECOND", (Window(10, 1),))
    configure(world, attempts=1)
    crm.per_second = 11
    world.promote(customers(*range(8)))
    go(world)
    same_everywhere(world, crm, *range(8))


def test_an_event_becomes_one_task_however_often_it_is_told(world: World, crm: Retailcrm) -> None:
    there = destination(world)
    for operation in (Operation.ADD, Operation.ADD, Operation.UPDATE, Operation.REMOVE):
        assert there.send(event(1, operation=operation)).accepted == ["c0001"]
    assert crm.tasks == [
        {
            "id": 1,
            "text": "Call: second order is due [79f610263254db35]",
            "commentary": "trigger_key: 79f610263254db35\ndue_from: 2026-01-02T23:30:00Z\noffer_id: coupon",
            "datetime": "2026-01-04 00:30",
            "performerId": 27,
            "customer": {"id": 101},
        }
    ]
    there.send(event(1, key="another"))
    assert len(crm.tasks) == 2
    there.close()


@pytest.mark.parametrize("fault", ["500", "503", "reset-before", "reset-after", "truncated", "hang-after"])
def test_a_task_whose_creation_went_unanswered_is_not_created_twice(world: World, crm: Retailcrm, fault: str) -> None:
    """Requests are: find the customer, look for the task, create it."""
    configure(world, timeout_seconds=0.3)
    crm.faults = {3: fault}
    there = destination(world)
    assert there.send(event(1)).accepted == ["c0001"]
    assert len(crm.tasks) == 1
    there.close()


def test_a_task_that_cannot_be_created_stays_unknown(world: World, crm: Retailcrm) -> None:
    crm.faults = dict.fromkeys(range(3, 30, 2), "500")
    there = destination(world)
    with pytest.raises(DestinationUnavailable):
        there.send(event(1))
    there.close()


@pytest.mark.parametrize(
    ("row", "batch", "says"),
    [
        ({"tags": {}}, batch_of(1), "under 'tags'"),
        ({"fields": {}}, batch_of(1, mode=Mode.PROFILES), "under 'fields'"),
        ({"tasks": {}}, event(1), "under 'tasks'"),
        ({}, batch_of(1, mode=Mode.EVENTS, stage="x"), "trigger_key"),
        ({}, batch_of(1, mode=Mode.EVENTS, trigger_key="x"), "due_from"),
    ],
)
def test_what_the_row_lacks_is_said(world: World, crm: Retailcrm, row: dict[str, Any], batch: Any, says: str) -> None:
    configure(world, **row)
    there = destination(world)
    with pytest.raises(DestinationRefused, match=says):
        there.send(batch)
    there.close()


def test_wrong_key_no_host_and_wrong_zone_say_so(world: World, crm: Retailcrm, monkeypatch: pytest.MonkeyPatch) -> None:
    crm.key = "another"
    world.promote(customers(1))
    with pytest.raises(DestinationRefused, match="HTTP 403"):
        go(world)
    connect(monkeypatch, password=KEY)
    with pytest.raises(DestinationRefused, match="has no host"):
        go(world, "tuesday")
    configure(world, time_zone="Berlin")
    with pytest.raises(ConfigError, match="IANA"):
        load_destinations(world.settings)


def test_nothing_personal_and_no_key_is_written(world: World, crm: Retailcrm, caplog: pytest.LogCaptureFixture) -> None:
    everything_logged(caplog)
    crm.faults = {1: "500", 6: "no:Xenia c0000@people.example is locked"}
    world.promote(customers(*range(4), first_name="Xenia"))
    go(world)
    assert world.ledger("select count(*) from publish_dead_letters") == [(1,)]
    assert_nothing_leaked(caplog, world, [KEY])


def test_the_stand_in_finds_what_must_not_be(crm: Retailcrm) -> None:
    with httpx.Client(base_url=crm.url, headers={"X-API-KEY": KEY}) as client:
        client.post("/api/v5/customers/upload", data={"customers": "[]"})
        client.post("/api/v5/customers/101/subscriptions", data={})
        change = json.dumps({"email": "x@y.example", "addTags": ["a"]})
        client.post("/api/v5/customers/101/edit", data={"by": "id", "site": "shop", "customer": change})
        client.get("/api/v5/customers", params={"apiKey": KEY})
    assert crm.forbidden == [
        "customers/upload",
        "a subscription was changed",
        "a customer's email were changed",
        "the key is in the address",
    ]
    crm.forbidden.clear()


@pytest.mark.parametrize(
    ("sample", "method", "path", "form"),
    [
        ("CustomersTest_054", "GET", "/customers", None),
        ("CustomersTest_065", "POST", "/customers/101/edit", {"by": "id", "site": "shop", "customer": "{}"}),
        ("TasksTest_181", "GET", "/tasks", None),
        ("TasksTest_182", "POST", "/tasks/create", {"site": "shop"}),
        ("ErrorTest_074", "GET", "/nowhere", None),
    ],
)
def test_answers_have_the_shape_of_the_recorded_ones(
    world: World, crm: Retailcrm, sample: str, method: str, path: str, form: dict[str, str] | None
) -> None:
    if not SAMPLES.is_dir():
        pytest.skip(f"no recorded answers in {SAMPLES}: the stand-in was not compared with them")
    there = destination(world)
    there.send(event(1))
    there.close()
    created = next(request for request in crm.requests if request.path.endswith("/create"))
    recorded = json.loads((SAMPLES / f"{sample}.json").read_text())["response"]
    if "task" in path and form is not None:
        form = form | {"task": created.form["task"]}
    crm.faults = {len(crm.requests) + 1: "no:no"} if path == "/nowhere" else {}
    with httpx.Client(base_url=f"{crm.url}/api/v5", headers={"X-API-KEY": KEY}) as client:
        path = "/customers" if path == "/nowhere" else path
        answer = client.request(method, path, data=form).json()
    assert_like(answer, recorded)


def assert_like(answer: Any, recorded: Any, where: str = "answer") -> None:
    """Everything the stand-in says is in the recorded answer, with a value of the same kind."""
    assert isinstance(answer, type(recorded)), where
    if isinstance(answer, dict):
        for name in answer.keys() & recorded.keys():
            assert_like(answer[name], recorded[name], f"{where}.{name}")
        assert answer.keys() <= recorded.keys() or where.endswith("customFields"), where
    elif isinstance(answer, list) and answer and recorded:
        assert_like(answer[0], recorded[0], f"{where}[0]")

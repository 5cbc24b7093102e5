"""The webhook against a real HTTP server: what it sends, what it retries, and what it believes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from include.destinations.base import DestinationRefused, DestinationUnavailable
from include.destinations.http import retry_after_seconds
from include.publisher.errors import PublishBlocked
from include.publisher.publish import publish
from tests.contracts.receiver import Receiver
from tests.unit.publisher.world import DESTINATIONS, World, customers


def go(world: World, run: str = "monday"):
    return publish("loyal", "webhook", run, world.settings)


def same_everywhere(world: World, receiver: Receiver, *numbers: int) -> None:
    wanted = {customer.key for customer in customers(*numbers)}
    assert set(receiver.members) == wanted
    assert world.confirmed("webhook") == wanted


def test_what_is_sent(world: World, receiver: Receiver) -> None:
    world.promote(customers(*range(12)))
    assert go(world).adds == 12
    assert [len(seen.keys) for seen in receiver.seen] == [10, 2]
    first = receiver.seen[0]
    assert {name: first.body[name] for name in ("audience", "run_id", "operation")} == {
        "audience": "loyal",
        "run_id": "monday",
        "operation": "add",
    }
    assert first.body["members"][3] == {
        "customer_key": "c0003",
        "contact": {"email": "c0003@people.example", "first_name": "Ann"},
        "attributes": {"stage": "loyal", "spent": "12.50"},
    }
    assert first.headers["Content-Type"] == "application/json"
    assert len({seen.headers["Idempotency-Key"] for seen in receiver.seen}) == 2
    world.promote(customers(*range(1, 12)))
    go(world, "tuesday")
    assert receiver.seen[2].body == {
        "audience": "loyal",
        "run_id": "tuesday",
        "mode": "members",
        "operation": "remove",
        "members": [{"customer_key": "c0000"}],
    }


def test_a_second_run_makes_no_request(world: World, receiver: Receiver) -> None:
    world.promote(customers(*range(12)))
    go(world)
    before = len(receiver.seen)
    result = go(world, "tuesday")
    assert (result.unchanged, len(receiver.seen)) == (12, before)
    # The count can move: one changed name is one request.
    world.promote([*customers(*range(11)), *customers(11, first_name="Bea")])
    go(world, "wednesday")
    assert len(receiver.seen) == before + 1


def test_the_server_accepts_only_our_signature(world: World, receiver: Receiver) -> None:
    world.promote(customers(1))
    world.settings.webhook_secret = SecretStr("another")
    with pytest.raises(DestinationRefused, match=r"127\.0\.0\.1 answered HTTP 401"):
        go(world)
    assert (receiver.bad_signatures, len(receiver.seen), receiver.members) == (1, 1, {})
    world.settings.webhook_secret = SecretStr(receiver.secret)
    go(world, "again")
    assert receiver.bad_signatures == 1
    same_everywhere(world, receiver, 1)


@pytest.mark.parametrize(
    "fault", ["429", "500", "503", "408", "drop_before", "drop_after", "slow_before", "slow_after"]
)
def test_what_may_pass_is_tried_again_with_the_same_key(world: World, receiver: Receiver, fault: str) -> None:
    receiver.faults = {1: fault}
    world.promote(customers(1, 2))
    go(world)
    assert len(receiver.seen) == 2
    assert len({seen.headers["Idempotency-Key"] for seen in receiver.seen}) == 1
    assert receiver.seen[0].body == receiver.seen[1].body
    same_everywhere(world, receiver, 1, 2)


@pytest.mark.parametrize(("asked", "least", "most"), [("1", 1.0, 1.9), ("3600", 2.0, 2.9)])
def test_retry_after_is_honoured_up_to_the_cap(
    world: World, receiver: Receiver, asked: str, least: float, most: float
) -> None:
    receiver.faults = {1: f"429:{asked}"}
    world.promote(customers(1))
    start = time.monotonic()
    go(world)
    assert least <= time.monotonic() - start <= most
    same_everywhere(world, receiver, 1)


def test_retry_after_is_read_in_both_forms() -> None:
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert retry_after_seconds("120", now) == 120
    assert retry_after_seconds("Thu, 01 Jan 2026 12:00:30 GMT", now) == 30
    assert retry_after_seconds(format_datetime(now - timedelta(hours=1)), now) == 0
    assert retry_after_seconds("soon", now) is None
    assert retry_after_seconds(None, now) is None


def test_attempts_are_bounded_and_the_next_run_goes_on(world: World, receiver: Receiver) -> None:
    receiver.faults = {2: "500", 3: "500", 4: "500"}
    world.promote(customers(*range(15)))
    with pytest.raises(DestinationUnavailable, match="no usable answer in 3 attempts") as caught:
        go(world)
    assert "secret-path" not in str(caught.value)
    assert len(receiver.seen) == 4
    assert len(world.confirmed("webhook")) == 10
    assert world.ledger("select status, confirmed from publish_runs") == [("failed", 10)]
    result = go(world, "tuesday")
    assert (result.adds, result.unchanged) == (5, 10)
    same_everywhere(world, receiver, *range(15))


@pytest.mark.parametrize("status", [301, 401, 403, 404])
def test_other_refusals_are_not_tried_again(world: World, receiver: Receiver, status: int) -> None:
    receiver.refuse_all = status
    world.promote(customers(1, 2))
    with pytest.raises(DestinationRefused, match=f"HTTP {status}"):
        go(world)
    assert len(receiver.seen) == 1
    assert world.confirmed("webhook") == set()


def test_one_poisoned_row_is_found_and_the_rest_goes_through(world: World, receiver: Receiver) -> None:
    receiver.poisoned = {"c0006"}
    world.promote(customers(*range(10)))
    assert go(world).rejected == 1
    same_everywhere(world, receiver, 0, 1, 2, 3, 4, 5, 7, 8, 9)
    [(key, operation, reason, retryable)] = world.ledger(
        "select customer_key, operation, reason, retryable from publish_dead_letters"
    )
    assert (key, operation, bool(retryable)) == ("c0006", "add", False)
    assert reason == "HTTP 400: {'email': '[email]', 'first_name': '[first_name]'} is bad"
    # 10 -> 5 + 5 -> (2 + 3) -> 3 has it: 5-6 | 7 ... never more than two requests per halving.
    assert len(receiver.seen) <= 9
    before = len(receiver.seen)
    assert go(world, "tuesday").skipped_reasons == {"dead_letter": 1}
    assert len(receiver.seen) == before
    receiver.poisoned = set()
    world.promote([*customers(*range(6)), *customers(6, stage="new"), *customers(7, 8, 9)])
    assert go(world, "wednesday").adds == 1
    same_everywhere(world, receiver, *range(10))
    assert world.ledger("select count(*) from publish_dead_letters") == [(0,)]


def test_a_receiver_that_refuses_every_row_poisons_nobody(world: World, receiver: Receiver) -> None:
    receiver.refuse_all = 400
    world.promote(customers(*range(10)))
    with pytest.raises(DestinationRefused, match="first 10 members tried one by one were all refused"):
        go(world)
    assert world.ledger("select count(*) from publish_dead_letters") == [(0,)]
    receiver.refuse_all = None
    go(world, "tuesday")
    same_everywhere(world, receiver, *range(10))


def test_rejected_rows_inside_a_200_are_believed(world: World, receiver: Receiver) -> None:
    receiver.rejections = {
        "c0001": {"reason": "c0001@people.example of Ann is invalid, call +49 30 1234567", "retryable": False},
        "c0002": {"reason": "over quota", "retryable": True},
    }
    world.promote(customers(1, 2, 3))
    assert go(world).rejected == 2
    same_everywhere(world, receiver, 3)
    assert world.ledger("select customer_key, reason from publish_dead_letters order by 1") == [
        ("c0001", "[email] of [first_name] is invalid, call [number]"),
        ("c0002", "over quota"),
    ]
    receiver.rejections = {}
    result = go(world, "tuesday")
    assert (result.adds, result.skipped_reasons) == (1, {"dead_letter": 1})
    same_everywhere(world, receiver, 2, 3)
    assert world.ledger("select customer_key from publish_dead_letters") == [("c0001",)]


def test_a_refused_removal_is_never_given_up(world: World, receiver: Receiver) -> None:
    world.promote(customers(1, 2))
    go(world)
    receiver.rejections = {"c0001": {"reason": "locked", "retryable": False}}
    world.promote(customers(2), suppressed=[("c0001", "email")])
    go(world, "tuesday")
    assert "c0001" in world.confirmed("webhook")
    receiver.rejections = {}
    go(world, "wednesday")
    same_everywhere(world, receiver, 2)


def test_joining_leaving_and_joining_again_is_not_taken_for_a_repetition(world: World, receiver: Receiver) -> None:
    for run, numbers in enumerate(([1, 2], [2], [1, 2], [2], [1, 2])):
        world.promote(customers(*numbers))
        world.configure(
            [{"id": "webhook", "type": "webhook", "dry_run": False, "attempts": 1}], guard={"max_removal_share": 1}
        )
        go(world, f"run-{run}")
        same_everywhere(world, receiver, *numbers)
    keys = [seen.headers["Idempotency-Key"] for seen in receiver.seen]
    assert len(keys) == len(set(keys)) == 5


def test_a_dry_run_shows_and_sends_nothing(world: World, receiver: Receiver) -> None:
    world.configure([{"id": "webhook", "type": "webhook"}])
    world.promote(customers(1, 2), suppressed=[("c0002", "email")])
    result = go(world)
    assert (result.status, result.adds, receiver.seen) == ("dry_run", 1, [])
    assert world.ledger("select customer_key, operation, outcome from publish_changes") == [("c0001", "add", "planned")]
    assert world.ledger("select count(*) from publish_members") == [(0,)]


def test_a_receiver_that_garbles_its_rejections_is_not_believed(world: World, receiver: Receiver) -> None:
    world.promote(customers(1))
    receiver.carry_out = lambda key, body: {"rejected": "c0001"}  # type: ignore[method-assign]
    with pytest.raises(DestinationRefused, match="must be a list of objects"):
        go(world)
    assert world.confirmed("webhook") == set()


def test_events_keep_to_their_frequency_cap(world: World, receiver: Receiver) -> None:
    world.configure(DESTINATIONS[1:], mode="events", frequency_cap={"messages": 2, "days": 7})
    sent = []
    for day, stage in enumerate(("first", "second", "third")):
        world.promote(customers(1, stage=stage) + customers(2, stage="the same"))
        result = go(world, f"day-{day}")
        sent.append((result.adds, result.updates, result.skipped_reasons))
    assert sent == [(2, 0, {}), (0, 1, {}), (0, 0, {"frequency_cap": 1})]
    assert [seen.body["mode"] for seen in receiver.seen] == ["events", "events"]
    assert receiver.members["c0001"]["attributes"]["stage"] == "second"


def test_events_of_yesterday_are_no_removals_to_the_guard(world: World, receiver: Receiver) -> None:
    world.configure(DESTINATIONS[1:], mode="events")
    world.promote(customers(*range(10)))
    go(world)
    world.promote(customers(*range(10, 20)))
    assert go(world, "tuesday").status == "done"
    world.configure(DESTINATIONS[1:], mode="members")
    world.promote(customers(*range(20, 30)))
    with pytest.raises(PublishBlocked):
        go(world, "wednesday")

"""Real publisher processes: killed at any request, and two at once."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from include.publisher.publish import publish
from tests.contracts.receiver import Receiver
from tests.unit.publisher.world import DESTINATIONS, World, customers

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


def start(world: World, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | world.environment() | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    command = [sys.executable, "-m", "include.publisher", *arguments]
    return subprocess.Popen(
        command, env=environment, cwd=world.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def kill_at(world: World, receiver: Receiver, number: int, fault: str, run: str) -> None:
    """Start a publisher and end it with SIGKILL while its request `number`, counted from now, has no answer."""
    receiver.hanging.clear()
    receiver.let_go.clear()
    receiver.faults = {len(receiver.seen) + number: fault}
    process = start(world, "publish", "loyal", "webhook", "--run-id", run)
    assert receiver.hanging.wait(20), process.communicate(timeout=5)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGKILL
    receiver.let_go.set()


def same_everywhere(world: World, receiver: Receiver, wanted: dict[str, str]) -> None:
    assert {key: member["attributes"]["stage"] for key, member in receiver.members.items()} == wanted
    assert world.confirmed("webhook") == set(wanted)
    assert world.ledger("select count(*) from publish_members where doubt_operation is not null") == [(0,)]
    assert world.ledger("select count(*) from publish_claims") == [(0,)]


@pytest.mark.parametrize("fault", ["hang_before", "hang_after"])
@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_killed_publisher_loses_and_doubles_nothing(
    world: World, receiver: Receiver, number: int, fault: str
) -> None:
    """Requests 1 to 4 are: a removal, updates, additions, additions."""
    world.promote(customers(*range(10)))
    publish("loyal", "webhook", "monday", world.settings)
    changed = [*customers(*range(1, 8)), *customers(8, 9, stage="vip"), *customers(*range(20, 35))]
    world.promote(changed)
    kill_at(world, receiver, number, fault, "tuesday")
    assert world.ledger("select count(*) from publish_claims") == [(1,)]
    before_kill = receiver.seen[-1].headers["Idempotency-Key"]
    publish("loyal", "webhook", "tuesday", world.settings)
    assert before_kill in {seen.headers["Idempotency-Key"] for seen in receiver.seen[1 + number :]}
    same_everywhere(world, receiver, {customer.key: str(customer.stage) for customer in changed})
    assert world.ledger("select run_id, status from publish_runs order by started_at")[1:] == [
        ("tuesday.loyal.webhook", "failed"),
        ("tuesday.loyal.webhook.2", "done"),
    ]


def test_who_was_added_just_before_the_crash_and_left_before_the_next_run_is_removed(
    world: World, receiver: Receiver
) -> None:
    world.promote(customers(1, 2))
    kill_at(world, receiver, 1, "hang_after", "monday")
    assert set(receiver.members) == {"c0001", "c0002"}
    assert world.confirmed("webhook") == set()
    world.promote(customers(2), suppressed=[("c0001", "email")])
    assert publish("loyal", "webhook", "tuesday", world.settings).consent_removes == 1
    same_everywhere(world, receiver, {"c0002": "loyal"})


def test_of_two_publishers_at_once_one_works_and_the_other_says_so(world: World, receiver: Receiver) -> None:
    world.configure([DESTINATIONS[1] | {"timeout_seconds": 30}])
    world.promote(customers(*range(25)))
    receiver.faults = {2: "hang_after"}
    first = start(world, "publish", "loyal", "webhook", "--run-id", "first")
    assert receiver.hanging.wait(20)
    second = start(world, "publish", "loyal", "webhook", "--run-id", "second")
    _, said = second.communicate(timeout=20)
    assert second.returncode == 4
    assert f"is being published by process {first.pid}" in said
    assert "Nothing was sent by this one" in said
    receiver.let_go.set()
    _, said = first.communicate(timeout=20)
    assert first.returncode == 0, said
    same_everywhere(world, receiver, {customer.key: "loyal" for customer in customers(*range(25))})
    # Three batches and one repetition of the unanswered one.
    assert [len(seen.keys) for seen in receiver.seen] == [10, 10, 10, 5]
    assert {seen.body["run_id"] for seen in receiver.seen} == {"first"}


def test_nothing_personal_is_in_ledger_logs_or_output(
    world: World, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("include").setLevel(logging.DEBUG)
    receiver.poisoned = {"c0003"}
    receiver.rejections = {"c0004": {"reason": "Xenia <c0004@people.example> bounced", "retryable": True}}
    world.promote(customers(*range(10), first_name="Xenia"))
    publish("loyal", "webhook", "monday", world.settings)
    process = start(world, "runs")
    output, errors = process.communicate(timeout=20)
    files = [path for path in (world.settings.data_dir / "ledger").iterdir() if path.is_file()]
    places = {path.name: path.read_bytes() for path in files}
    places |= {"logs": caplog.text.encode(), "output": (output + errors).encode()}
    assert "monday.loyal.webhook" in output
    assert "ledger.db" in places
    assert personal(places) == []
    assert b"c0004" in places["ledger.db"] + places.get("ledger.db-wal", b"")
    # The search can find: the live contacts hold what the ledger must not.
    sample = {"contacts": world.settings.live_contacts.read_bytes(), "request": str(receiver.seen[0].body).encode()}
    assert personal(sample) == ["contacts", "request"]


def personal(places: dict[str, bytes]) -> list[str]:
    return sorted(name for name, content in places.items() if b"people.example" in content or b"Xenia" in content)

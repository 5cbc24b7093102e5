"""Random histories of changes, faults and crashes: in the end the tool holds what the warehouse wants."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from include.destinations.base import Batch, Capability, DestinationUnavailable, Limits, Operation, Receipt, Rejection
from include.publisher import ledger
from include.publisher.publish import publish
from tests.unit.publisher.world import DESTINATIONS, World, customers, make_world


class Crash(BaseException):
    """The process is gone: nothing below `finally` runs any code of ours."""


class Tool:
    """Remembers every key it has carried out, as the strictest tool would."""

    limits = Limits(max_batch=2)
    capability = Capability.DELTA

    def __init__(self) -> None:
        self.members: dict[str, str] = {}
        self.done: set[str] = set()
        self.fault: str = ""
        self.after = 0
        self.forbidden: set[str] = set()

    def send(self, batch: Batch) -> Receipt:
        self.after -= 1
        fault = self.fault if self.after == 0 else ""
        if fault.endswith("before"):
            self._fail(fault)
        keys = [member.customer_key for member in batch.members]
        rejected = keys[:1] if fault == "reject" else []
        if batch.operation is not Operation.REMOVE:
            assert not self.forbidden & set(keys)
        if batch.idempotency_key not in self.done:
            for member in batch.members:
                if member.customer_key in rejected:
                    continue
                if batch.operation is Operation.REMOVE:
                    self.members.pop(member.customer_key, None)
                else:
                    self.members[member.customer_key] = member.attributes["stage"]
        if not rejected:
            self.done.add(batch.idempotency_key)
        if fault.endswith("after"):
            self._fail(fault)
        return Receipt(
            [key for key in keys if key not in rejected], [Rejection(key, "later", True) for key in rejected]
        )

    def _fail(self, fault: str) -> None:
        raise Crash if fault.startswith("crash") else DestinationUnavailable("no answer")

    def close(self) -> None:
        pass


def crashing(function: Callable[..., None], at: int) -> Callable[..., None]:
    """Let a ledger function do its work until call `at`, which ends the process before anything is written."""
    calls = 0

    def wrapped(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            raise Crash
        function(*arguments)

    return wrapped


STATES = strategies.sampled_from(["absent", "loyal", "vip", "unsubscribed"])
STEPS = strategies.lists(
    strategies.tuples(
        strategies.lists(STATES, min_size=5, max_size=5),
        strategies.sampled_from(
            ["", "lost_before", "lost_after", "crash_before", "crash_after", "reject", "confirm", "mark_doubtful"]
        ),
        strategies.integers(1, 3),
    ),
    min_size=1,
    max_size=6,
)


def step(world: World, tool: Tool, number: int, states: list[str], fault: str, after: int) -> None:
    rows = [
        row for index, state in enumerate(states) if state in ("loyal", "vip") for row in customers(index, stage=state)
    ]
    tool.forbidden = {f"c{index:04d}" for index, state in enumerate(states) if state == "unsubscribed"}
    world.promote(rows, suppressed=[(key, "email") for key in sorted(tool.forbidden)])
    tool.fault, tool.after = fault, after
    with mock.patch("include.publisher.publish.create_destination", return_value=tool):
        if fault in ("confirm", "mark_doubtful"):
            with mock.patch.object(ledger, fault, crashing(getattr(ledger, fault), after)):
                _attempt(world, number)
        else:
            _attempt(world, number)


def _attempt(world: World, number: int) -> None:
    try:
        publish("loyal", "files", f"run-{number}", world.settings)
    except (Crash, DestinationUnavailable):
        return


def holds_what_is_wanted(history: list[tuple[list[str], str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world, tool = make_world(Path(folder)), Tool()
        world.configure(DESTINATIONS[:1], guard={"max_removal_share": 1, "min_members": 100})
        with mock.patch("include.publisher.publish.why_blocked", return_value=None):
            for number, (states, fault, after) in enumerate(history):
                step(world, tool, number, states, fault, after)
            final = history[-1][0]
            step(world, tool, len(history), final, "", 0)
        wanted = {f"c{index:04d}": state for index, state in enumerate(final) if state in ("loyal", "vip")}
        assert tool.members == wanted
        assert world.confirmed("files") == set(wanted)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_every_history_ends_well(history: list[tuple[list[str], str, int]]) -> None:
    holds_what_is_wanted(history)


FLIP_FLOP = [
    (["loyal", "absent", "absent", "absent", "absent"], "", 0),
    (["vip", "absent", "absent", "absent", "absent"], "crash_after", 1),
    (["loyal", "absent", "absent", "absent", "absent"], "crash_after", 1),
    (["vip", "absent", "absent", "absent", "absent"], "", 0),
]
JOINED_AND_LEFT = [
    (["loyal", "loyal", "absent", "absent", "absent"], "crash_after", 1),
    (["absent", "unsubscribed", "absent", "absent", "absent"], "", 0),
]


@pytest.mark.parametrize("history", [FLIP_FLOP, JOINED_AND_LEFT])
def test_histories_that_defeat_simpler_designs(history: list[tuple[list[str], str, int]]) -> None:
    holds_what_is_wanted(history)


def test_the_check_turns_red_without_the_record_of_doubt() -> None:
    with (
        mock.patch.object(ledger, "mark_doubtful", forget_doubt),
        pytest.raises(AssertionError),
    ):
        holds_what_is_wanted(JOINED_AND_LEFT)


def forget_doubt(database, run, batch, operation, claim) -> None:
    """Known bad: what was sent is only recorded when it was confirmed."""


def test_the_check_turns_red_when_keys_repeat() -> None:
    def without_history(self: Batch) -> str:
        return "|".join(
            [self.operation, *(f"{item.customer_key}={item.token.partition(':')[0]}" for item in self.members)]
        )

    with mock.patch.object(Batch, "idempotency_key", property(without_history)), pytest.raises(AssertionError):
        holds_what_is_wanted(FLIP_FLOP)

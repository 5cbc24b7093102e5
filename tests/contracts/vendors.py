"""What the vendors' tests share: a world whose only destination is a stand-in, and faults that any tool can have."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from include.demo.tools.base import Tool
from include.destinations.base import Batch, Member, Mode, Operation
from include.publisher.publish import PublishResult, publish
from tests.contracts.specs import Spec
from tests.unit.publisher.world import AUDIENCE, Customer, World, make_world

SECRET = "key-of-the-test"
QUICK = {"timeout_seconds": 1, "attempts": 4, "first_wait_seconds": 0.01, "max_wait_seconds": 1, "dry_run": False}
PASSING_FAULTS = ["500", "503", "429:0", "408", "reset-before", "reset-after", "truncated", "twice"]

AnyTool = TypeVar("AnyTool", bound=Tool)


@contextmanager
def running(tool: AnyTool, spec: Callable[[], Spec]) -> Iterator[AnyTool]:
    """Start a stand-in whose requests are checked, and see that none did what it must not.

    Where the vendor's description is absent, what the destination does is tested all the same, and a warning says that
    the requests were not checked.
    """
    try:
        tool.check = spec()
    except pytest.skip.Exception as absent:
        warnings.warn(f"requests are not checked: {absent}", stacklevel=2)
    tool.start()
    try:
        yield tool
    finally:
        tool.stop()
    assert tool.violations == [], tool.violations
    assert tool.forbidden == [], tool.forbidden  # type: ignore[attr-defined]


def vendor_world(
    folder: Path, tool: Tool, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch, **audience: Any
) -> World:
    """A world that publishes to the stand-in; `row` is its settings row."""
    monkeypatch.delenv("PERENNIAL_LEDGER_KEY", raising=False)
    connect(tool, monkeypatch)
    world = make_world(folder)
    world.configure(
        [QUICK | {"id": row["type"], "connection": "tool"} | row], guard={"max_removal_share": 1}, **audience
    )
    return world


def connect(tool: Tool, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    """Define the Airflow connection `tool`."""
    value = {"conn_type": "http", "host": tool.url, "password": SECRET} | more
    monkeypatch.setenv("AIRFLOW_CONN_TOOL", json.dumps(value))


def go(world: World, run: str = "monday") -> PublishResult:
    """Publish the world's audience to its only destination."""
    import yaml

    [row] = yaml.safe_load(world.settings.destinations_file.read_text())["destinations"]
    return publish(AUDIENCE, row["id"], run, world.settings)


def letters(world: World) -> list[tuple[Any, ...]]:
    """Open dead letters: key, reason, retryable."""
    query = "select customer_key, reason, retryable from publish_dead_letters order by 1"
    return [(key, reason, bool(retryable)) for key, reason, retryable in world.ledger(query)]


def keys(members: list[Customer]) -> set[str]:
    return {member.key for member in members}


def batch(operation: Operation, mode: Mode, *members: Member, attributes: tuple[str, ...] = ("stage",)) -> Batch:
    """A batch as the publisher makes it."""
    return Batch("tool", AUDIENCE, "monday", operation, members, mode, attributes)


def person(number: int, **more: Any) -> Member:
    """A member with an address and a name."""
    key = f"c{number:04d}"
    contact = {"email": f"{key}@people.example", "first_name": "Annabel"}
    return Member(key, f"{key}:1", **({"contact": contact, "attributes": {"stage": "loyal"}} | more))


def assert_nothing_leaked(caplog: pytest.LogCaptureFixture, world: World) -> None:
    """No log line, dead letter or run error has a secret, an address or a name."""
    letters = world.ledger("select reason from publish_dead_letters")
    errors = world.ledger("select error from publish_runs")
    told = "\n".join([record.getMessage() for record in caplog.records] + [str(row) for row in [*letters, *errors]])
    for secret in (SECRET, "people.example", "Ann"):
        assert secret not in told
    assert caplog.records, "nothing was logged, so nothing was looked at"
    assert caplog.handler.level <= logging.INFO

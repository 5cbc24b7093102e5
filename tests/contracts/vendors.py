"""What the vendors' tests share: a world whose only destination is a stand-in, and faults that any tool can have."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

# Airflow takes the logging over when it is first imported, and with it what a test has set up to hear the log.
import airflow.sdk.definitions.connection  # noqa: F401
import pytest
import yaml

from include.demo.tools.base import Answer, Request
from include.destinations.base import Batch, Member, Mode, Operation
from include.destinations.config import create_destination, load_destinations
from include.publisher.publish import PublishResult, publish
from tests.unit.publisher.world import AUDIENCE, Customer, World, make_world

SECRET = "key-of-the-test"
QUICK = {"timeout_seconds": 1, "attempts": 4, "first_wait_seconds": 0.01, "max_wait_seconds": 1, "dry_run": False}
PASSING_FAULTS = ["500", "503", "429:0", "408", "reset-before", "reset-after", "truncated", "twice"]

AnyTool = TypeVar("AnyTool", bound=Any)


@contextmanager
def running(tool: AnyTool, spec: Callable[[], Callable[[Request], Answer | None]] | None = None) -> Iterator[AnyTool]:
    """Start a stand-in whose requests are checked, and see that none did what it must not.

    Where the vendor's description is absent, what the destination does is tested all the same, and a warning says that
    the requests were not checked.
    """
    try:
        if spec is not None:
            tool.check = spec()
    except pytest.skip.Exception as absent:
        warnings.warn(f"requests are not checked: {absent}", stacklevel=2)
    tool.start()
    try:
        yield tool
    finally:
        tool.stop()
    assert tool.violations == [], tool.violations
    assert tool.forbidden == [], tool.forbidden


def connect(monkeypatch: pytest.MonkeyPatch, connection: str = "tool", **fields: Any) -> None:
    """Define an Airflow connection: host, login, password, extra."""
    monkeypatch.setenv(f"AIRFLOW_CONN_{connection.upper()}", json.dumps({"conn_type": "generic", **fields}))


def vendor_row(type_: str, **keys: Any) -> dict[str, Any]:
    """A live row with waits of a test."""
    return {**QUICK, "id": type_, "type": type_, "connection": "tool", **keys}


def vendor_world(
    folder: Path, tool: Any, row: dict[str, Any], monkeypatch: pytest.MonkeyPatch, **audience: Any
) -> World:
    """A world that publishes to the stand-in; `row` is its settings row."""
    monkeypatch.delenv("PERENNIAL_LEDGER_KEY", raising=False)
    connect(monkeypatch, host=tool.url, password=SECRET)
    world = make_world(folder)
    world.configure([vendor_row(row["type"], **row)], guard={"max_removal_share": 1}, **audience)
    return world


def go(world: World, run: str = "monday") -> PublishResult:
    """Publish the world's audience to its only destination."""
    [row] = yaml.safe_load(world.settings.destinations_file.read_text())["destinations"]
    return publish(AUDIENCE, row["id"], run, world.settings)


def destination(world: World) -> Any:
    """Build the world's only destination."""
    [row] = load_destinations(world.settings).values()
    return create_destination(row, world.settings)


def letters(world: World) -> list[tuple[Any, ...]]:
    """Open dead letters: key, reason, retryable."""
    query = "select customer_key, reason, retryable from publish_dead_letters order by 1"
    return [(key, reason, bool(retryable)) for key, reason, retryable in world.ledger(query)]


def keys(members: Iterable[Customer]) -> set[str]:
    return {member.key for member in members}


def batch(operation: Operation, mode: Mode, *members: Member, attributes: tuple[str, ...] = ("stage",)) -> Batch:
    """A batch as the publisher makes it."""
    return Batch("tool", AUDIENCE, "monday", operation, members, mode, attributes)


def person(number: int, **more: Any) -> Member:
    """A member with an address and a name."""
    key = f"c{number:04d}"
    contact = {"email": f"{key}@people.example", "first_name": "Annabel"}
    return Member(key, f"{key}:1", **({"contact": contact, "attributes": {"stage": "loyal"}} | more))


def batch_of(
    *numbers: int,
    operation: Operation = Operation.ADD,
    mode: Mode = Mode.MEMBERS,
    contact: Any = None,
    **attributes: Any,
) -> Batch:
    """A batch of customers as `tests.unit.publisher.world` numbers them."""
    more: dict[str, Any] = {"attributes": attributes} | ({} if contact is None else {"contact": contact})
    return batch(operation, mode, *(person(number, **more) for number in numbers), attributes=())


def everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Let through what any library has to say, but httpx, which the destinations silence."""
    caplog.set_level(logging.DEBUG)
    for name in ("include", "httpcore"):
        logging.getLogger(name).setLevel(logging.DEBUG)


def assert_nothing_leaked(caplog: pytest.LogCaptureFixture, world: World, secrets: Iterable[str] = (SECRET,)) -> None:
    """Neither logs nor the ledger's files have a secret, an address or a name."""
    folder = world.settings.data_dir / "ledger"
    files = [path for path in folder.iterdir() if path.is_file() and path.name != "key"]
    places = {path.name: path.read_bytes() for path in files} | {"logs": caplog.text.encode()}
    wanted = [one.encode() for one in ("people.example", "Ann", "Xenia", "xenia", *secrets)]
    assert [name for name, content in places.items() if any(one in content for one in wanted)] == []
    assert caplog.records, "nothing was logged, so nothing was looked at"

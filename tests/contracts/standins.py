"""What the tests of the vendors' destinations share: connections, rows, and the search for what must not be written."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from include.destinations.base import Batch, Member, Mode, Operation
from tests.unit.publisher.world import Customer, World

ROOT = Path(__file__).resolve().parents[2]
SPECS = Path(os.environ.get("VENDOR_SPECS", ROOT.parent / "shared" / "vendor"))


def connect(monkeypatch: pytest.MonkeyPatch, name: str, **fields: Any) -> None:
    """Define an Airflow connection: host, login, password, extra."""
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps({"conn_type": "generic", **fields}))


def vendor_row(type_: str, **keys: Any) -> dict[str, Any]:
    """A live row with waits of a test."""
    quick = {"timeout_seconds": 1, "attempts": 3, "first_wait_seconds": 0.01, "max_wait_seconds": 0.05}
    return {"id": type_, "type": type_, "dry_run": False, "connection": f"{type_}_test", **quick, **keys}


def batch_of(
    type_: str,
    *numbers: int,
    operation: Operation = Operation.ADD,
    mode: Mode = Mode.MEMBERS,
    contact: dict[str, str | None] | None = None,
    **attributes: Any,
) -> Batch:
    """A batch of customers as `tests.unit.publisher.world` numbers them."""
    members = tuple(
        Member(
            f"c{number:04d}",
            "token:1",
            contact={"email": f"c{number:04d}@people.example", "first_name": "Ann"} if contact is None else contact,
            attributes=attributes,
        )
        for number in numbers
    )
    return Batch(type_, "loyal", "monday", operation, members, mode)


def everything_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Let through what any library has to say."""
    caplog.set_level(logging.DEBUG)
    for name in ("include", "httpx", "httpcore"):
        if name != "httpx":
            logging.getLogger(name).setLevel(logging.DEBUG)


def leaks(world: World, caplog: pytest.LogCaptureFixture, secrets: Iterable[str]) -> list[str]:
    """Name the places outside the live contacts that hold contact data or a secret."""
    files = [path for path in (world.settings.data_dir / "ledger").iterdir() if path.is_file() and path.name != "key"]
    places = {path.name: path.read_bytes() for path in files} | {"logs": caplog.text.encode()}
    wanted = [b"people.example", b"Xenia", b"xenia", *(secret.encode() for secret in secrets)]
    return sorted(name for name, content in places.items() if any(one in content for one in wanted))


def keys(customers: Iterable[Customer]) -> set[str]:
    """Their customer_keys."""
    return {customer.key for customer in customers}

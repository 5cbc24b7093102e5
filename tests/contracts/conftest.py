from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.contracts.receiver import SECRET, Receiver
from tests.unit.publisher.world import DESTINATIONS, World, make_world


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture
def world(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose only destination is the receiver."""
    monkeypatch.delenv("PERENNIAL_LEDGER_KEY", raising=False)
    world = make_world(tmp_path)
    world.settings.webhook_url = receiver.url
    world.settings.webhook_secret = SecretStr(SECRET)
    world.configure(DESTINATIONS[1:])
    return world

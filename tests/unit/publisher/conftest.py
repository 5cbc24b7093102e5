from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.publisher.world import World, make_world


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.delenv("PERENNIAL_LEDGER_KEY", raising=False)
    return make_world(tmp_path)

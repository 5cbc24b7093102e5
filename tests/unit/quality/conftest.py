from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.sources.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def data_docs() -> None:
    """Ask for the Data Docs, which take a third of a gate's time and which one test per gate looks at."""


@pytest.fixture(autouse=True)
def _without_data_docs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "data_docs" in request.fixturenames:
        return
    for gate in ("gate_1", "gate_2"):
        monkeypatch.setattr(f"include.quality.{gate}.write_data_docs", lambda report: None)

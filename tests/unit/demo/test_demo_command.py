"""The command says in words why it did not come to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from include.demo import __main__ as demo


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data of the project, and no signal handler that stays."""
    monkeypatch.setattr(demo, "data_dir_of_demo", lambda: tmp_path)
    monkeypatch.setattr(demo.signal, "signal", lambda *_: None)


def test_a_wrong_choice_ends_with_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(["run", "--customers", "0"]) == 1
    assert "DemoError: SCALE=0; expected 100 persons or more" in capsys.readouterr().out


def test_a_seed_that_is_none_ends_with_its_message(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert demo.main(["run", "--seed", "-1"]) == 1
    assert "SimulationError: Expected a seed of 0 or more, got -1." in capsys.readouterr().out
    assert list(tmp_path.rglob("*.partial")) == []


def test_ctrl_c_is_no_error_of_the_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "choose", interrupted)
    assert demo.main(["run"]) == 130
    assert "interrupted" in capsys.readouterr().out

"""A service of the local Airflow that ends is started again, a few times, and none once it is over."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from include.local import airflow
from include.local.airflow import kept_running

WAITS = [sys.executable, "-c", "import time; time.sleep(60)"]
ENDS = [sys.executable, "-c", "raise SystemExit(3)"]


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_is_killed_is_started_again_and_what_runs_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    processes = {name: subprocess.Popen(WAITS) for name in ("killed", "runs")}
    first = dict(processes)
    try:
        with caplog.at_level(logging.WARNING), kept_running(processes, lambda name: subprocess.Popen(WAITS)):
            first["killed"].kill()
            until(lambda: processes["killed"] is not first["killed"])
            assert processes["killed"].poll() is None
            assert processes["runs"] is first["runs"]
        assert "airflow killed ended with -9; it is started again" in caplog.text
        # Over: what is stopped now stays stopped.
        last = processes["killed"]
        last.kill()
        last.wait()
        time.sleep(1)
        assert processes["killed"] is last
    finally:
        for process in [*processes.values(), *first.values()]:
            process.kill()
            process.wait()


def test_what_cannot_stay_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow, "MOST_RESTARTS", 2)
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(ENDS))
        return started[-1]

    processes = {"ends": start("ends")}
    with kept_running(processes, start):
        until(lambda: len(started) == 3)
        until(lambda: started[-1].poll() is not None)
        time.sleep(1.5)
    assert len(started) == 3

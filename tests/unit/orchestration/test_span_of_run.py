"""What a load asks a vendor for, run by run."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from include.orchestration.as_of import is_backfill, span_of_run
from include.sources.pull.base import Span

START, END = datetime(2024, 5, 1, 1, tzinfo=UTC), datetime(2024, 5, 2, 1, tzinfo=UTC)


def context(run_type: str, as_of: str | None = None) -> dict[str, Any]:
    run = SimpleNamespace(run_type=run_type, run_after=END)
    return {"params": {"as_of": as_of}, "dag_run": run, "data_interval_start": START, "data_interval_end": END}


@pytest.mark.parametrize("run_type", ["scheduled", "manual", "asset_triggered"])
def test_a_daily_run_asks_for_what_is_new_up_to_the_end_of_its_interval(run_type: str) -> None:
    assert span_of_run(context(run_type)) == Span(END)
    assert not is_backfill(context(run_type))


def test_a_run_as_of_a_moment_asks_up_to_it() -> None:
    assert span_of_run(context("manual", "2024-04-01T02:00:00+02:00")) == Span(datetime(2024, 4, 1, tzinfo=UTC))


def test_a_backfill_asks_for_its_own_interval_only() -> None:
    assert span_of_run(context("backfill")) == Span(END, START)
    assert is_backfill(context("backfill"))

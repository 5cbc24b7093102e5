"""Which moment a run is about: never the clock when the run was given a moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from include.sources.pull.base import Span


def as_of_of_run(context: Mapping[str, Any]) -> str:
    """Return the run's as_of as ISO 8601 in UTC.

    The first that is given counts: the parameter `as_of`; the latest as_of of the loads that fired the run; the end of
    the data interval; the moment the run was asked for.
    """
    given = context["params"].get("as_of")
    if given:
        return _utc(datetime.fromisoformat(given))
    events = context.get("triggering_asset_events") or {}
    carried = [event.extra["as_of"] for group in events.values() for event in group if "as_of" in event.extra]
    if carried:
        return max(carried)
    run = context["dag_run"]
    return _utc(context.get("data_interval_end") or run.run_after)


def is_backfill(context: Mapping[str, Any]) -> bool:
    """Whether Airflow runs a span of the past on purpose."""
    return str(getattr(context["dag_run"].run_type, "value", context["dag_run"].run_type)) == "backfill"


def span_of_run(context: Mapping[str, Any]) -> Span:
    """Return what a load asks a vendor for: up to the run's as_of, in a back-fill from its data interval's start on."""
    end = datetime.fromisoformat(as_of_of_run(context)).replace(tzinfo=UTC)
    return Span(end, context["data_interval_start"] if is_backfill(context) else None)


def _utc(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")

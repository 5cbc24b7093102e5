"""What every DAG has in common: owner, retries with back-off, time-outs, the as_of parameter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import CronDataIntervalTimetable, Param

from include.settings import get_settings

# The pools of pools.json, which every new Airflow imports. DuckDB has one writer. The tasks that watch the build wait
# in a pool of their own, smaller than any executor, so that they never keep the build itself from starting.
POOL = "warehouse"
WATCHERS_POOL = "dbt_watchers"

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "data-team",
    "retries": 2,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=10),
    "execution_timeout": timedelta(hours=1),
}
AS_OF = {
    "as_of": Param(
        None,
        type=["null", "string"],
        format="date-time",
        description="Exclusive end of what the run may know, UTC. Default: the end of the data interval.",
    )
}


def load_schedule() -> CronDataIntervalTimetable | None:
    """When the load DAGs run by themselves: PERENNIAL_LOAD_SCHEDULE in the shop's time zone."""
    settings = get_settings()
    if settings.load_schedule == "none":
        return None
    return CronDataIntervalTimetable(settings.load_schedule, timezone=settings.time_zone)

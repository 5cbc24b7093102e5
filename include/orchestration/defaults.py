"""What every DAG has in common: owner, retries with back-off, time-outs, the as_of parameter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Param

POOL = "warehouse"

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

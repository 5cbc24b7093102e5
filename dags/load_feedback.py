"""Load reviews and referrals."""

from datetime import datetime

from airflow.sdk import DAG, CronDataIntervalTimetable

from include.orchestration.defaults import AS_OF, DEFAULT_ARGS
from include.orchestration.load import load_family
from include.settings import get_settings

RUNBOOK = """
### Load feedback

Brings reviews and referrals from every source in `PERENNIAL_SOURCES` into the lake: extract, gate 1, land.
Running it again at any time is safe: a file that has not changed is skipped, one that has replaces its rows.

**extract fails**: a file is missing, empty, of another format or lacks a column. The error names file and column.
**gate_1 fails**: a file or stream broke a rule, or too many rows are bad. Nothing landed and the live warehouse is as it
was. Open `<data>/quality/gate_1/` for the Data Docs, correct the export or the mapping, and clear the task.
**rows in quarantine**: `<lake>/_quarantine/`, and `meta.quarantine` in the live warehouse. docs/gates.md says more.
"""

with DAG(
    "load_feedback",
    description="Load reviews and referrals into the lake",
    schedule=CronDataIntervalTimetable("0 3 * * *", timezone=get_settings().time_zone),
    start_date=datetime(2024, 1, 1),  # noqa: DTZ001 - Airflow reads it in the schedule's own zone
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params=AS_OF,
    tags=["load", "feedback"],
    doc_md=RUNBOOK,
):
    load_family("feedback")

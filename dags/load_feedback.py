"""Load reviews, referrals, social engagement, store credit and usage readings."""

from datetime import datetime

from airflow.sdk import DAG

from include.orchestration.defaults import AS_OF, DEFAULT_ARGS, load_schedule
from include.orchestration.load import load_family, load_runbook

WHAT = "reviews, referrals, social engagement, store credit and usage readings"

with DAG(
    "load_feedback",
    description=f"Load {WHAT} into the lake",
    schedule=load_schedule(),
    start_date=datetime(2024, 1, 1),  # noqa: DTZ001 - Airflow reads it in the schedule's own zone
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params=AS_OF,
    tags=["load", "feedback"],
    doc_md=load_runbook(WHAT),
):
    load_family("feedback")

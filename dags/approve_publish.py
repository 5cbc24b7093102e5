"""Let a blocked publishing run go on, from the Airflow UI."""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, get_current_context, task

from include.orchestration.defaults import DEFAULT_ARGS

RUNBOOK = """
### Approve a blocked publishing run

Trigger it with the `run_id` that the blocked task's error names, after looking at the plan (publish_changelog in the
live warehouse). The next run of that audience and destination may then do what the blocked one planned; it is
started at once.
The approval holds for one run, at most seven days. docs/publishing.md says what is blocked and why.
"""

with DAG(
    "approve_publish",
    description="Let a blocked publishing run go on",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["publish"],
    doc_md=RUNBOOK,
    params={
        "run_id": Param(type="string", minLength=1, description="id of the blocked run, as its error names it"),
        "approved_by": Param(type="string", minLength=1, description="who looked at the plan; kept in the ledger"),
    },
):

    @task
    def approve() -> str:
        """Record the approval."""
        from contextlib import closing

        from include.orchestration.failing import final
        from include.publisher.approvals import approve as approve_run
        from include.publisher.database import open_database
        from include.publisher.errors import ApprovalError
        from include.settings import get_settings

        given = get_current_context()["params"]
        with final(ApprovalError), closing(open_database(get_settings())) as database:
            pair, removals = approve_run(database, given["run_id"], given["approved_by"])
        return f"{pair}: up to {removals} removals"

    approve() >> TriggerDagRunOperator(task_id="publish_again", trigger_dag_id="publish_segments")

"""Build the marts from the lake, check them, make them the live warehouse, and draw it."""

from datetime import timedelta

from airflow.sdk import DAG, Metadata, get_current_context, task

from include.orchestration.assets import LAKE, LIVE_WAREHOUSE
from include.orchestration.defaults import AS_OF, DEFAULT_ARGS, POOL
from include.orchestration.transform import dbt_build

RUNBOOK = """
### Build the marts

Fired when every family has been loaded: one `dbt build`, gate 2, then promotion to
`<data>/live/warehouse.duckdb`. Only this DAG writes the build warehouse; the pool `warehouse` has one slot.
Running it again is safe; within a run the build is not repeated, so start a new one instead of clearing `dbt_build`.

**a model or test fails**: `dbt_producer_watcher` is red; "Completed with" in its log is followed by the names and dbt's
messages. Red with it are the tasks of the marts and audiences that stand on what failed; staging, intermediate models
and tests have no tasks of their own. The live warehouse is as it was. See docs/runbooks/build-failed.md.
**gate_2 fails**: the message has the audit rows; the Data Docs lie in `<data>/quality/gate_2/`. See
docs/runbooks/gate-2-red.md.
**promote fails**: nothing is half-visible. Clear the task.
**build_site fails**: the warehouse is live, the dashboards are those before. Clear the task.
**serve_postgres fails**: the live file is new, the copy in PostgreSQL is the one of before. Mend what the message names
and clear the task. It is skipped while PERENNIAL_SERVE_URL is not set. See docs/runbooks/serve-failed.md.
**an old state**: run it with the parameter `as_of`; the same lake and as_of give the same marts.
"""

with DAG(
    "build_marts",
    description="Lake to live warehouse: dbt build, gate 2, promotion, dashboards",
    schedule=list(LAKE.values()),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params=AS_OF,
    tags=["build"],
    doc_md=RUNBOOK,
):

    @task
    def resolve_as_of() -> str:
        """Say which moment this build is about."""
        from include.orchestration.as_of import as_of_of_run

        return as_of_of_run(get_current_context())

    @task(pool=POOL, retries=0)
    def gate_2(as_of: str) -> str:
        """Audit the build; a build that breaks a rule cannot be promoted."""
        from include.orchestration.transform import check_build

        return check_build(as_of, get_current_context()["run_id"])

    @task(pool=POOL, outlets=[LIVE_WAREHOUSE], execution_timeout=timedelta(minutes=30))
    def promote(as_of: str, build_id: str) -> object:
        """Make the build live in one step."""
        from include.orchestration.transform import promote_build

        yield Metadata(LIVE_WAREHOUSE, {"as_of": as_of, "build_id": promote_build(build_id)})

    @task
    def build_site() -> str:
        """Draw the dashboards from the warehouse that is live now."""
        from include.orchestration.site import draw

        return draw()

    @task(execution_timeout=timedelta(hours=2))
    def serve_postgres() -> str:
        """Copy the live warehouse to the PostgreSQL for BI tools, where there is one."""
        from include.orchestration.serve import copy

        return copy()

    as_of = resolve_as_of()
    checked = gate_2(as_of)
    as_of >> dbt_build() >> checked
    promote(as_of, checked) >> [build_site(), serve_postgres()]

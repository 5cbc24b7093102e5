"""Publish the audiences to the marketing tools, after every promotion."""

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, get_current_context, task

from include.orchestration.assets import LIVE_WAREHOUSE
from include.orchestration.defaults import DEFAULT_ARGS

RUNBOOK = """
### Publish segments

Fired when a build became live. One task per audience and destination: plan, guard, send, ledger.
Running it again is safe: what the ledger has as confirmed is not sent again, what is unknown is.

**publish fails with a guard's message**: more than a fifth of a list would be removed, or the source is empty. Look at
the plan, then run the DAG `approve_publish` with the RUN_ID of the message (or `python -m include.publisher approve
RUN_ID` and clear the task). Withdrawn consents were sent anyway. See docs/runbooks/publish-blocked.md.
**check_drift fails**: somebody else changed a list, or a tool lost members; publish.publish_drift says which. See
docs/runbooks/drift.md.
**build_site fails**: everything was published, the page about it is the one before. Clear the task.
**publish fails otherwise**: the destination refused or was not there. Clear the task when it is back.
**members refused** (dead letters): docs/runbooks/dead-letters.md. **the ledger is gone**: docs/runbooks/ledger-lost.md,
before anything is published again. docs/publishing.md says more.
"""

with DAG(
    "publish_segments",
    description="Live warehouse to marketing tools",
    schedule=[LIVE_WAREHOUSE],
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    tags=["publish"],
    doc_md=RUNBOOK,
):

    @task
    def list_pairs() -> list[dict[str, str]]:
        """Name each audience with each of its destinations that is switched on."""
        from include.publisher.publish import pairs
        from include.settings import get_settings

        return pairs(get_settings())

    @task(execution_timeout=timedelta(hours=2), map_index_template="{{ audience_id }} to {{ destination_id }}")
    def publish(audience_id: str, destination_id: str) -> dict[str, object]:
        """Plan, guard, send and record one audience for one destination."""
        from include.orchestration.failing import final
        from include.publisher.errors import PublishBlocked
        from include.publisher.publish import publish as publish_audience
        from include.settings import get_settings

        with final(PublishBlocked):
            run_id = get_current_context()["run_id"]
            return publish_audience(audience_id, destination_id, run_id, get_settings()).as_dict()

    @task(trigger_rule="all_done")
    def check_drift(results: list[dict[str, object] | None]) -> None:
        """Fail, and so alert, when a tool holds others than were confirmed."""
        from include.orchestration.drift import fail_on_drift

        fail_on_drift(results)

    @task(trigger_rule="all_done")
    def build_site() -> str:
        """Draw the dashboards anew, so that they show what was sent."""
        from include.orchestration.site import draw

        return draw()

    published = publish.expand_kwargs(list_pairs())
    # What runs last decides whether the run failed; the two tasks after a failed publication may both succeed.
    published >> EmptyOperator(task_id="all_published", trigger_rule="none_failed")
    check_drift(published)
    published >> build_site()

"""What holds for every DAG; each rule has a DAG that breaks it."""

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from include.settings import Settings
from include.warehouse.dbt import MANIFEST

EXPECTED = {
    "approve_publish",
    "build_marts",
    "load_ads",
    "load_email",
    "load_feedback",
    "load_shop",
    "load_web",
    "publish_segments",
}


def breaches(dag: Any) -> list[str]:
    """List how a DAG breaks the house rules."""
    found = []
    if not (dag.doc_md or "").strip().startswith("###"):
        found.append("no runbook")
    if not dag.tags:
        found.append("no tags")
    if dag.catchup:
        found.append("catchup")
    if dag.max_active_runs != 1:
        found.append("runs overlap")
    for task in dag.tasks:
        if task.owner in ("", "airflow"):
            found.append(f"{task.task_id}: no owner")
        if task.execution_timeout is None or task.execution_timeout > timedelta(hours=2):
            found.append(f"{task.task_id}: no time-out")
        watched = task.task_id.startswith("dbt_build.") or task.task_id == "gate_2"
        if not watched and (task.retries < 1 or not task.retry_exponential_backoff):
            found.append(f"{task.task_id}: no retries with back-off")
    return found


def test_exactly_these_dags_exist(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == EXPECTED


def test_every_dag_keeps_the_house_rules(dag_bag: Any) -> None:
    assert {dag_id: found for dag_id, dag in dag_bag.dags.items() if (found := breaches(dag))} == {}


def test_a_dag_that_breaks_the_rules_is_found(dag_bag: Any, broken_dags: Path) -> None:
    from airflow.dag_processing.dagbag import DagBag

    (broken_dags / "bad.py").write_text(
        "from airflow.sdk import DAG, task\n"
        "with DAG('bad', schedule=None, catchup=True):\n"
        "    @task(retries=0)\n"
        "    def work():\n"
        "        pass\n"
        "    work()\n"
    )
    found = breaches(DagBag(dag_folder=str(broken_dags)).dags["bad"])
    assert found == [
        "no runbook",
        "no tags",
        "catchup",
        "runs overlap",
        "work: no owner",
        "work: no time-out",
        "work: no retries with back-off",
    ]


def test_a_dag_that_cannot_be_read_is_an_import_error(dag_bag: Any, broken_dags: Path) -> None:
    from airflow.dag_processing.dagbag import DagBag

    (broken_dags / "broken.py").write_text("from airflow.sdk import DAG\nraise ValueError('no')\n")
    assert len(DagBag(dag_folder=str(broken_dags)).import_errors) == 1


def test_only_the_build_writes_the_warehouse_one_at_a_time(dag_bag: Any) -> None:
    in_pool = {
        f"{dag_id}.{task.task_id}"
        for dag_id, dag in dag_bag.dags.items()
        for task in dag.tasks
        if task.pool == "warehouse"
    }
    assert in_pool == {
        "build_marts.dbt_build.dbt_producer_watcher",
        "build_marts.gate_2",
        "build_marts.promote",
    }


def test_assets_lead_from_load_to_build_to_publish(dag_bag: Any) -> None:
    def consumed(dag_id: str) -> set[str]:
        return {asset.name for asset in dag_bag.dags[dag_id].timetable.asset_condition.objects}

    def produced(dag_id: str) -> set[str]:
        return {outlet.name for task in dag_bag.dags[dag_id].tasks for outlet in task.outlets}

    families = {"shop", "ads", "email", "web", "feedback"}
    assert {family: produced(f"load_{family}") for family in families} == {
        family: {f"lake/{family}"} for family in families
    }
    assert consumed("build_marts") == {f"lake/{family}" for family in families}
    assert produced("build_marts") == consumed("publish_segments") == {"warehouse/live"}


@pytest.mark.parametrize("family", ["shop", "ads", "email", "web", "feedback"])
def test_a_load_goes_through_the_gate(dag_bag: Any, family: str) -> None:
    dag = dag_bag.dags[f"load_{family}"]
    assert {task.task_id: set(task.downstream_task_ids) for task in dag.tasks} == {
        "list_sources": {"load.pull", "load.extract", "load.gate_1", "load.land"},
        "load.pull": {"load.extract"},
        "load.extract": {"load.gate_1"},
        "load.gate_1": {"load.land"},
        "load.land": {"loaded"},
        "loaded": set(),
    }


def test_nothing_is_promoted_that_has_not_passed_the_gate(dag_bag: Any) -> None:
    dag = dag_bag.dags["build_marts"]
    assert "dbt_build.dbt_producer_watcher" in dag.get_task("gate_2").get_flat_relative_ids(upstream=True)
    assert dag.get_task("promote").upstream_task_ids >= {"gate_2"}
    assert dag.get_task("promote").trigger_rule == dag.get_task("gate_2").trigger_rule == "all_success"


def test_the_copy_in_postgresql_is_made_after_promotion_and_only_where_there_is_one(
    dag_bag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    copying = dag_bag.dags["build_marts"].get_task("serve_postgres")
    assert copying.upstream_task_ids == {"promote"}
    monkeypatch.setattr("include.settings.get_settings", lambda: Settings(_env_file=None, serve_url=None))
    with pytest.raises(AirflowSkipException, match="PERENNIAL_SERVE_URL is not set"):
        copying.python_callable()


def test_the_dashboards_are_drawn_after_each_promotion_and_each_publication(dag_bag: Any) -> None:
    build, publish = dag_bag.dags["build_marts"], dag_bag.dags["publish_segments"]
    assert build.get_task("build_site").upstream_task_ids == {"promote"}
    # Also when an audience failed; and in no one's way, so that a failed publication is still seen.
    assert publish.get_task("build_site").upstream_task_ids == {"publish"}
    assert publish.get_task("build_site").trigger_rule == "all_done"
    assert publish.get_task("build_site").downstream_task_ids == set()


def test_a_failed_publication_fails_its_run(dag_bag: Any) -> None:
    """Airflow judges a run by its last tasks, and of these all but one may succeed after a failure."""
    last = dag_bag.dags["publish_segments"].leaves
    judging = {task.task_id: task.trigger_rule for task in last if "publish" in task.upstream_task_ids}
    assert judging == {"all_published": "none_failed", "check_drift": "all_done", "build_site": "all_done"}


def test_each_model_of_the_marts_and_audiences_has_a_task_and_no_other_model_has(dag_bag: Any) -> None:
    nodes = json.loads(MANIFEST.read_text(encoding="utf-8"))["nodes"].values()
    models = {node["name"]: node["fqn"][1] for node in nodes if node["resource_type"] == "model"}
    shown = {name for name, layer in models.items() if layer in ("marts", "publish")}
    tasks = {task.task_id for task in dag_bag.dags["build_marts"].tasks}
    assert {"dim_customers", "pub_lapsed"} <= shown < set(models)
    assert tasks == {f"dbt_build.{name}_run" for name in shown} | {
        "dbt_build.dbt_producer_watcher", "dbt_build.dbt_producer_watcher_done", "gate_2", "promote",
        "build_site", "resolve_as_of", "serve_postgres",
    }  # fmt: skip


def test_the_build_runs_every_seed_model_and_test(dag_bag: Any) -> None:
    build = dag_bag.dags["build_marts"].get_task("dbt_build.dbt_producer_watcher")
    kinds = {value for flag, value in pairwise(build.dbt_cmd_flags) if flag == "--resource-type"}
    assert {"seed", "model", "test"} <= kinds
    assert "unit_test" not in kinds
    assert not {"--select", "--exclude", "--selector"} & {*build.dbt_cmd_flags, *build.add_cmd_flags()}
    assert not (build.select or build.exclude or build.selector)


def test_a_models_task_never_builds_it_and_the_build_is_not_repeated_in_its_run(dag_bag: Any) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    dag = dag_bag.dags["build_marts"]
    with pytest.raises(AirflowFailException, match=r"ended before model\.perennial\.dim_customers"):
        dag.get_task("dbt_build.dim_customers_run")._fallback_to_non_watcher_run(1, {})
    once = dag.get_task("dbt_build.dbt_producer_watcher")._pre_execute_hook
    once({"ti": SimpleNamespace(try_number=1)})
    with pytest.raises(AirflowFailException, match="start build_marts anew"):
        once({"ti": SimpleNamespace(try_number=2)})


def test_loads_run_in_the_shops_own_night(dag_bag: Any) -> None:
    timetable = dag_bag.dags["load_shop"].timetable
    assert timetable.expression == "0 3 * * *"
    assert str(timetable.timezone) == "Europe/Berlin"


def test_reading_the_dag_files_is_quick(dag_bag: Any) -> None:
    from tests.dags.conftest import PARSE_BUDGET_SECONDS

    assert dag_bag.seconds < PARSE_BUDGET_SECONDS


def test_a_back_filled_day_fires_no_build(dag_bag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.sdk.exceptions import AirflowSkipException

    from include.orchestration import load

    def announced(run_type: str) -> list[Any]:
        context = {"params": {"as_of": "2024-05-01T00:00:00+00:00"}, "dag_run": SimpleNamespace(run_type=run_type)}
        monkeypatch.setattr(load, "get_current_context", lambda: context)
        return list(dag_bag.dags["load_shop"].get_task("loaded").python_callable())

    assert announced("scheduled")[0].extra == {"as_of": "2024-05-01 00:00:00"}
    with pytest.raises(AirflowSkipException):
        announced("backfill")

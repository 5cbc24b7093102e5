"""The dbt build as tasks, and what the build DAG calls after it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.sdk.exceptions import AirflowFailException
from cosmos import DbtTaskGroup, ExecutionConfig, ExecutionMode, LoadMode, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import DbtResourceType, InvocationMode, SeedRenderingBehavior, TestBehavior
from cosmos.operators.watcher import DbtRunWatcherOperator

from include.orchestration.defaults import POOL, WATCHERS_POOL
from include.orchestration.failing import final
from include.settings import get_settings
from include.warehouse.dbt import MANIFEST, PROJECT_DIR, dbt_env, dbt_vars

LAYERS_WITH_TASKS = ("marts", "publish")
AS_OF_TEMPLATE = "{{ ti.xcom_pull(task_ids='resolve_as_of') }}"


class ManifestMissing(RuntimeError):
    """dbt_project/target/manifest.json is not there; `make manifest` writes it."""


class ModelTask(DbtRunWatcherOperator):
    """Shows how one model of the running build goes, and never builds it itself.

    Cosmos would build the single model when it finds nothing to show, on whatever the models below it hold by then.
    """

    def _fallback_to_non_watcher_run(self, try_number: int, context: Any) -> bool:
        raise AirflowFailException(
            f"The build ended before {self.model_unique_id}; see the log of {self.producer_task_id}, mend what it names"
            " and start build_marts anew."
        )


def task_of_model(node: Any, task_args: dict[str, Any], **given: Any) -> ModelTask | None:
    """Give a model of the marts or the publish layer its task; Cosmos calls it for each model."""
    if node.fqn[1] not in LAYERS_WITH_TASKS:
        return None
    placed = {name: given[name] for name in ("dag", "task_group", "task_id")}
    return ModelTask(**placed, **task_args, extra_context={"dbt_node_config": node.context_dict})


def only_once(context: Any) -> None:
    """Refuse to take a cleared build for a passed one, as Cosmos would, which does not run it again.

    Raises:
        AirflowFailException: the task was cleared.
    """
    if context["ti"].try_number > 1:
        raise AirflowFailException("A build is not run again in its own run: start build_marts anew.")


def dbt_build() -> DbtTaskGroup:
    """Add one dbt build, with a task per model of the marts and audiences that shows how that model goes.

    Everything else runs in it too, without tasks of its own, which would cost more time than it does: seeds, staging,
    intermediate models, tests. Where one of them fails, the build leaves out what stands on it, and fails the tasks of
    that and its own, whose log names it.

    Raises:
        ManifestMissing: the project was not parsed before the DAG is read.
    """
    if not MANIFEST.exists():
        raise ManifestMissing(f"{MANIFEST} does not exist; run `make manifest` (the container image has it built in).")
    settings = get_settings()
    return DbtTaskGroup(
        group_id="dbt_build",
        project_config=ProjectConfig(
            dbt_project_path=PROJECT_DIR, manifest_path=MANIFEST, project_name="perennial", install_dbt_deps=False
        ),
        profile_config=ProfileConfig(
            profile_name="perennial", target_name="duckdb", profiles_yml_filepath=PROJECT_DIR / "profiles.yml"
        ),
        execution_config=ExecutionConfig(
            execution_mode=ExecutionMode.WATCHER,
            # In a process of its own dbt tells Airflow of what has ended and goes on. Within the task it would wait at
            # each of its events, debug messages included, until Airflow has stored it.
            invocation_mode=InvocationMode.SUBPROCESS,
            dbt_executable_path=Path(sys.executable).with_name("dbt"),
            setup_operator_args={
                "pool": POOL,
                "retries": 0,
                "pre_execute": only_once,
                # Without tasks for the tests Cosmos would leave the tests themselves out of the build.
                "dbt_cmd_flags": ["--resource-type", "test"],
            },
        ),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            test_behavior=TestBehavior.NONE,
            seed_rendering_behavior=SeedRenderingBehavior.NONE,
            node_converters={DbtResourceType.MODEL: task_of_model},
            emit_datasets=False,
        ),
        operator_args={
            "vars": dbt_vars(settings, AS_OF_TEMPLATE),
            # Unit tests prove the SQL, not the data: `make test` runs them, a production build need not.
            "env": dbt_env(settings) | {"DBT_EXCLUDE_RESOURCE_TYPES": "unit_test"},
            "append_env": True,
            "install_deps": False,
            "retries": 0,
            "pool": WATCHERS_POOL,
            # A deferred watcher whose model is just done can be resumed before the scheduler has seen it defer, and is
            # then failed; a waiting one costs a slot of its pool.
            "deferrable": False,
            "poke_interval": 2,
        },
    )


def check_build(as_of: str, run_id: str) -> str:
    """Run gate 2 and return the id of the build that passed."""
    from include.quality.gate_1 import GateFailed
    from include.quality.gate_2 import gate_2

    with final(GateFailed):
        return gate_2(get_settings(), datetime.fromisoformat(as_of), run_id).build_id


def promote_build(build_id: str) -> str:
    """Promote the build with this id.

    Raises:
        PromotionError: the build warehouse holds another build by now; run the DAG again.
    """
    from include.warehouse.promote import promote

    return promote(get_settings(), build_id)

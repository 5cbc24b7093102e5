"""The dbt build as tasks, and what the build DAG calls after it."""

from __future__ import annotations

from datetime import datetime

from cosmos import DbtTaskGroup, ExecutionConfig, ExecutionMode, LoadMode, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import InvocationMode, SeedRenderingBehavior, TestBehavior

from include.orchestration.defaults import POOL, WATCHERS_POOL
from include.orchestration.failing import final
from include.settings import get_settings
from include.warehouse.dbt import MANIFEST, PROJECT_DIR, dbt_env, dbt_vars

AS_OF_TEMPLATE = "{{ ti.xcom_pull(task_ids='resolve_as_of') }}"


class ManifestMissing(RuntimeError):
    """dbt_project/target/manifest.json is not there; `make manifest` writes it."""


def dbt_build() -> DbtTaskGroup:
    """Add one dbt build, with a task per model that shows how that model went.

    Seeds and tests run in it too, without tasks of their own, which would cost more time than they do. A failed test
    leaves out what stands on its model, fails the tasks of that and the build's own, whose log names it.

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
            invocation_mode=InvocationMode.DBT_RUNNER,
            # Without tasks for the tests Cosmos would leave the tests themselves out of the build.
            setup_operator_args={"pool": POOL, "retries": 0, "dbt_cmd_flags": ["--resource-type", "test"]},
        ),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            test_behavior=TestBehavior.NONE,
            seed_rendering_behavior=SeedRenderingBehavior.NONE,
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
            "poke_interval": 1,
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

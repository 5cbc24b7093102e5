"""The containers' file: valid for Compose itself, no default secret, and its own commands run the whole chain."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import duckdb
import pytest
import sqlalchemy as sa

from include.demo.simulator import simulate
from include.local.client import AirflowClient
from include.local.pipeline import CHAIN, Follower, PipelineFailed, run_pipeline
from include.warehouse.dbt import MANIFEST
from tests.e2e.compose_stack import SECRETS, ComposeRefused, Stack, compose_stack, resolve

pytestmark = [pytest.mark.e2e]
AS_OF = "2026-01-01T00:00:00+00:00"
FAILING = "int_order_lines__converted"
SOURCE = {
    "PERENNIAL_SOURCES": "/opt/perennial/include/sources/mappings/simulated.yml",
    "PERENNIAL_TIME_ZONE": "Europe/Berlin",
    "PERENNIAL_LOAD_SCHEDULE": "none",
}


def test_the_services_the_volumes_and_the_health_checks_are_there() -> None:
    config = resolve(SECRETS | SOURCE)
    assert set(config["services"]) == {"postgres", "init", "api-server", "scheduler", "dag-processor", "triggerer"}
    assert set(config["volumes"]) == {"airflow", "lake", "postgres", "warehouse"}
    assert [name for name, service in config["services"].items() if "healthcheck" not in service] == ["init"]
    ports = {port.get("host_ip") for service in config["services"].values() for port in service.get("ports", [])}
    assert ports == {"127.0.0.1"}


@pytest.mark.parametrize("missing", [*SECRETS, "PERENNIAL_SOURCES"])
def test_no_secret_has_a_default(missing: str) -> None:
    given = {name: value for name, value in (SECRETS | SOURCE).items() if name != missing}
    with pytest.raises(ComposeRefused, match=f"set {missing} in .env"):
        resolve(given)


def test_a_short_admin_password_is_refused(tmp_path: Path) -> None:
    from include.local.init import InitError, write_password

    with pytest.raises(InitError, match="has 5 characters, expected at least 12"):
        write_password(tmp_path / "passwords.json", "admin")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("compose")
    simulate(folder / "data" / "sources" / "simulated", customers=400, seed=3, workers=1)
    with compose_stack(folder, SOURCE) as running:
        yield running


def published(stack: Stack) -> dict[str, tuple[float, bytes]]:
    files = sorted((stack.data_dir / "published").glob("*.csv"))
    return {path.name: (path.stat().st_mtime, path.read_bytes()) for path in files}


def sent(stack: Stack, run_id: str) -> dict[str, tuple[set[str], int]]:
    """Statuses and changes of an Airflow run, by pair; the ledger has one row per try of a task."""
    engine = sa.create_engine(stack.ledger_url)
    found: dict[str, tuple[set[str], int]] = {}
    with engine.connect() as connection:
        query = "select audience, destination, status, adds + updates + removes from publish_runs"
        for audience, destination, status, changes in connection.execute(
            sa.text(f"{query} where requested_run_id = :run_id"), {"run_id": run_id}
        ):
            statuses, before = found.get(f"{audience} to {destination}", (set(), 0))
            found[f"{audience} to {destination}"] = (statuses | {status}, before + changes)
    return found


@pytest.mark.slow
def test_the_chain_fires_by_assets_alone_and_a_second_publication_sends_nothing(stack: Stack) -> None:
    lines: list[str] = []
    airflow: Any = SimpleNamespace(url=stack.url, password=SECRETS["AIRFLOW_ADMIN_PASSWORD"])

    run_pipeline(airflow, AS_OF, lines.append, timeout_seconds=600)

    client = AirflowClient(airflow.url, airflow.password)
    kinds = {dag_id: [run["run_type"] for run in client.runs(dag_id)] for dag_id in CHAIN}
    assert kinds == {
        **{f"load_{family}": ["manual"] for family in ("shop", "ads", "email", "web", "feedback")},
        "build_marts": ["asset_triggered"],
        "publish_segments": ["asset_triggered"],
    }
    with duckdb.connect(str(stack.data_dir / "live" / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select as_of::varchar from meta.build").fetchall() == [("2026-01-01 00:00:00",)]
        members = con.execute(
            "select count(*) from publish.pub_lapsed anti join"
            " (select customer_key from publish.pub_suppressions where channel = 'email') using (customer_key)"
        ).fetchall()[0][0]
    assert members > 10
    before = published(stack)
    assert before["lapsed.csv"][1].count(b"\n") >= members
    first = sent(stack, client.runs("publish_segments")[0]["dag_run_id"])
    assert "lapsed to files" in first
    assert all("done" in statuses for statuses, _ in first.values())
    assert sum(changes for _, changes in first.values()) > members

    again = client.trigger("publish_segments", {})
    follow(client, "publish_segments", again)

    assert published(stack) == before
    assert sent(stack, again) == dict.fromkeys(first, ({"done"}, 0))
    # Nobody has named a PostgreSQL for BI tools.
    assert [line.split()[1:3] for line in lines if "success" not in line] == [["serve_postgres", "skipped"]]


def follow(client: AirflowClient, dag_id: str, run_id: str, timeout_seconds: float = 300) -> None:
    """Wait for the end of a run.

    Raises:
        PipelineFailed: it failed.
    """
    deadline = time.monotonic() + timeout_seconds
    follower = Follower(client, lambda _: None)
    while not follower.finished(dag_id, run_id):
        assert time.monotonic() < deadline, f"{dag_id} is still running"
        time.sleep(1)


@pytest.fixture
def too_large_a_line(stack: Stack) -> Iterator[None]:
    """A line in the lake whose amount, quantity times price, no model can hold: it fails where it is first computed."""
    landed = next((stack.data_dir / "lake" / "simulated" / "order_lines").glob("load_date=*/*.parquet"))
    bad = landed.with_name("too_large.parquet")
    with duckdb.connect() as con:
        con.execute(
            f"""
            copy (
                select * replace (
                    9999 as line_number, null as gross_amount, 9e9 as quantity, 9e12 as unit_price
                )
                from '{landed}' limit 1
            ) to '{bad}' (format parquet)
            """
        )
    yield
    bad.unlink()


@pytest.mark.slow
def test_a_failed_intermediate_model_fails_the_build_and_promotes_nothing(stack: Stack, too_large_a_line: None) -> None:
    client = AirflowClient(stack.url, SECRETS["AIRFLOW_ADMIN_PASSWORD"])
    live = stack.data_dir / "live" / "warehouse.duckdb"
    before = live.stat().st_mtime_ns, live.stat().st_ino
    publications = client.runs("publish_segments")

    run_id = client.trigger("build_marts", {"as_of": AS_OF})
    with pytest.raises(PipelineFailed, match=FAILING) as failed:
        follow(client, "build_marts", run_id)

    assert "Conversion Error" in str(failed.value)
    states = {task["task_id"]: task["state"] for task in client.tasks("build_marts", quote(run_id, safe=""))}
    assert states["dbt_build.dbt_producer_watcher"] == "failed"
    assert states["gate_2"] == states["promote"] == "upstream_failed"
    above = standing_on(FAILING)
    assert {"fct_order_lines", "dim_customers", "pub_lapsed"} <= above
    shown = {name: states[f"dbt_build.{name}_run"] for name in above if f"dbt_build.{name}_run" in states}
    assert set(shown.values()) <= {"failed", "upstream_failed"}
    # What stands beside it was built.
    assert states["dbt_build.customer_identifiers_run"] == states["dbt_build.fct_email_events_run"] == "success"

    # Clearing what failed makes no build of it.
    answer = client._http.post(
        "/api/v2/dags/build_marts/clearTaskInstances",
        json={"dry_run": False, "dag_run_id": run_id, "only_failed": False, "reset_dag_runs": True},
    )
    answer.raise_for_status()
    with pytest.raises(PipelineFailed, match="start build_marts anew"):
        follow(client, "build_marts", run_id)
    states = {task["task_id"]: task["state"] for task in client.tasks("build_marts", quote(run_id, safe=""))}
    assert states["promote"] == "upstream_failed"
    assert (live.stat().st_mtime_ns, live.stat().st_ino) == before
    assert client.runs("publish_segments") == publications


def standing_on(model: str) -> set[str]:
    """Names of the models that need this one."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    found: set[str] = set()
    waiting = [f"model.perennial.{model}"]
    while waiting:
        children = [child for child in manifest["child_map"][waiting.pop()] if child.startswith("model.")]
        waiting += [child for child in children if child not in found]
        found |= set(children)
    return {name.split(".")[-1] for name in found}


@pytest.mark.slow
def test_every_service_is_healthy_by_its_own_check(stack: Stack) -> None:
    services = [name for name in stack.services if name not in ("postgres", "init")]
    assert {name: stack.healthy(name) for name in services} == dict.fromkeys(services, True)

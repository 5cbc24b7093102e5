"""The containers' file: valid for Compose itself, no default secret, and its own commands run the whole chain."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from include.demo.simulator import simulate
from include.local.client import AirflowClient
from include.local.pipeline import CHAIN, run_pipeline
from tests.e2e.compose_stack import SECRETS, ComposeRefused, Stack, compose_stack, resolve

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("airflow")]
AS_OF = "2026-01-01T00:00:00+00:00"
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


def sent(stack: Stack) -> list[tuple[str, int]]:
    engine = sa.create_engine(stack.ledger_url)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("select status, adds + updates + removes from publish_runs order by started_at, run_id")
        )
        return [tuple(row) for row in rows]


def test_the_chain_fires_by_assets_alone_and_a_second_run_sends_nothing(stack: Stack) -> None:
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
        members = con.execute("select count(*) from publish.pub_lapsed").fetchall()[0][0]
    assert members > 10
    before = published(stack)
    assert before["lapsed.csv"][1].count(b"\n") >= members
    first = sent(stack)
    assert {status for status, _ in first} == {"done"}
    assert sum(changes for _, changes in first) > members

    run_pipeline(airflow, AS_OF, lines.append, timeout_seconds=600)

    assert published(stack) == before
    second = sent(stack)[len(first) :]
    assert len(second) == len(first)
    assert set(second) == {("done", 0)}
    assert sum("success" in line for line in lines) == len(lines)


def test_every_service_is_healthy_by_its_own_check(stack: Stack) -> None:
    services = [name for name in stack.services if name not in ("postgres", "init")]
    assert {name: stack.healthy(name) for name in services} == dict.fromkeys(services, True)

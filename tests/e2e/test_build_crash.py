"""A build killed at any moment leaves the live warehouse as it was, and the next one makes up for it."""

import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from include.demo.simulator import simulate
from include.settings import PROJECT_ROOT, Settings
from include.warehouse.promote import PromotionError, promote
from tests.support import pipeline

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    data_dir = tmp_path_factory.mktemp("build_crash")
    simulate(data_dir / "sources" / "simulated", customers=300, seed=5, workers=1)
    settings = Settings(
        _env_file=None,
        data_dir=data_dir,
        sources=(PROJECT_ROOT / "include" / "sources" / "mappings" / "simulated.yml",),
        reporting_currency="EUR",
        time_zone="Europe/Berlin",
    )
    pipeline.run(settings, AS_OF)
    return settings


def contents(file: Path) -> dict[str, tuple[int, int]]:
    """Row count and an order-free fingerprint of every mart and audience.

    Doubles count to nine places: which row an average of them begins with shows in the last digits.
    """
    with duckdb.connect(str(file), read_only=True) as con:
        tables: dict[str, list[str]] = {}
        columns = con.execute(
            "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns()"
            " where schema_name in ('marts', 'publish') and table_name not like 'publish\\_%' escape '\\' order by all"
        )
        for name, column, kind in columns.fetchall():
            tables.setdefault(name, []).append(f"round({column}, 9)" if kind == "DOUBLE" else column)
        fingerprint = "select count(*), sum(hash({})::hugeint)::varchar from {}"
        return {
            name: con.execute(fingerprint.format(", ".join(row), name)).fetchall()[0] for name, row in tables.items()
        }


def build_id(file: Path) -> str:
    with duckdb.connect(str(file), read_only=True) as con:
        return con.execute("select build_id from meta.build").fetchall()[0][0]


def build_again(settings: Settings, as_of: datetime) -> None:
    """Build without the data tests: what they would say follows from the contents, which are compared."""
    pipeline.build(settings, as_of, "--exclude-resource-type", "test")


def test_killed_builds_change_nothing_live_and_the_next_gives_the_same_marts(built: Settings) -> None:
    before, passed = contents(built.live_warehouse), build_id(built.live_warehouse)
    assert before["marts.fct_orders"][0] > 1_000
    for seconds in (4.0, 6.0, 8.0):
        command, env = pipeline.dbt_command(built, AS_OF, "build", "--exclude-resource-type", "unit_test")
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        process.kill()
        assert process.wait() == -signal.SIGKILL, f"the build had ended by itself within {seconds} s"
        assert contents(built.live_warehouse) == before
    build_again(built, AS_OF)
    assert contents(built.build_warehouse) == before
    # What gate 2 said of the last build is no word about this one.
    with pytest.raises(PromotionError, match="has not passed gate 2"):
        promote(built, passed)
    assert build_id(built.live_warehouse) == passed


def test_another_as_of_gives_other_marts(built: Settings) -> None:
    """The known-bad case of the test above: the fingerprint does tell builds apart."""
    before = contents(built.live_warehouse)
    build_again(built, datetime(2025, 12, 1, tzinfo=UTC))
    assert contents(built.build_warehouse)["marts.fct_orders"] != before["marts.fct_orders"]

"""One Airflow home, one database and one reading of the DAG files for all tests of this folder."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.settings import PROJECT_ROOT, get_settings

PARSE_BUDGET_SECONDS = 30


@pytest.fixture(scope="session")
def dag_bag(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
            "PERENNIAL_DATA_DIR": str(home / "data"),
            "PERENNIAL_LOAD_SCHEDULE": "0 3 * * *",
            "PERENNIAL_TIME_ZONE": "Europe/Berlin",
        }.items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        # Airflow reads its configuration when it is imported, so not before the environment is set.
        from airflow.dag_processing.dagbag import DagBag

        started = time.monotonic()
        bag = DagBag(dag_folder=str(PROJECT_ROOT / "dags"))
        bag.seconds = time.monotonic() - started
        yield bag
    get_settings.cache_clear()


@pytest.fixture
def broken_dags(tmp_path: Path) -> Path:
    """A folder to put known-bad DAG files into."""
    folder = tmp_path / "dags"
    folder.mkdir()
    return folder

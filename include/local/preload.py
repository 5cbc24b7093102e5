"""Import the heavy libraries once, in the scheduler: every task is a fork of it and would else import them again."""

from __future__ import annotations

from pathlib import Path

from include.lake.layout import written_aside

# Airflow imports this module from AIRFLOW_HOME/config at the start of every process; only the scheduler forks tasks.
LOCAL_SETTINGS = '''"""Written by include.local.preload."""

import sys

if "scheduler" in sys.argv:
    import cosmos.operators.watcher  # noqa: F401
    import cosmos.plugin.airflow3  # noqa: F401
    import duckdb  # noqa: F401
    import great_expectations  # noqa: F401

    import include.orchestration.transform  # noqa: F401
'''


def write_preload(home: Path) -> None:
    """Write AIRFLOW_HOME/config/airflow_local_settings.py."""
    with written_aside(home / "config" / "airflow_local_settings.py") as aside:
        aside.write_text(LOCAL_SETTINGS, encoding="utf-8")

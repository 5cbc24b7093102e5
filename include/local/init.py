"""What a new Airflow needs once, and may be given again: its tables, the pool of one slot, the admin's password."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from include.lake.layout import written_aside
from include.local.airflow import POOLS_FILE
from include.local.preload import write_preload

SHORTEST_PASSWORD = 12


class InitError(RuntimeError):
    """Airflow cannot be prepared; the message names the variable."""


def write_password(path: Path, password: str) -> None:
    """Write the file from which Airflow's simple auth manager reads the admin's password.

    Raises:
        InitError: the password is missing or short.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise InitError(
            f"AIRFLOW_ADMIN_PASSWORD has {len(password)} characters, expected at least {SHORTEST_PASSWORD};"
            " set it in .env."
        )
    with written_aside(path) as aside:
        aside.touch(mode=0o600)
        aside.write_text(json.dumps({"admin": password}), encoding="utf-8")


def main() -> None:
    """Prepare the Airflow that the environment describes."""
    password_file = os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]
    write_password(Path(password_file), os.environ.get("AIRFLOW_ADMIN_PASSWORD", ""))
    write_preload(Path(os.environ["AIRFLOW_HOME"]))
    for command in (["db", "migrate"], ["pools", "import", str(POOLS_FILE)]):
        subprocess.run([sys.executable, "-m", "airflow", *command], check=True)


if __name__ == "__main__":
    main()

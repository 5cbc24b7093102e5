"""A copy of the dbt project in a temporary folder, and dbt started over it.

dbt reads a project once in full, which takes it longest, and afterwards only what changed; but only as long as its
profile is the same. So all it is told are names relative to the copy, and a copy of a copy needs no full reading.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.warehouse.dbt import PROJECT_DIR

AS_OF = "2025-02-01 00:00:00"
WAREHOUSE = "warehouse.duckdb"
READING = "target/partial_parse.msgpack"


@dataclass(frozen=True)
class Project:
    """A copy of the dbt project with a target and a warehouse of its own."""

    root: Path
    lake: Path

    @property
    def folder(self) -> Path:
        """Where the files of the project are."""
        return self.root / PROJECT_DIR.name

    @property
    def warehouse(self) -> Path:
        return self.root / WAREHOUSE

    def dbt(self, *arguments: str, as_of: str = AS_OF) -> dict[str, str]:
        """Run dbt; give the status of everything it ran by name. Fails when dbt could not even start."""
        target = self.folder / "target"
        (target / "run_results.json").unlink(missing_ok=True)
        command = [str(Path(sys.executable).with_name("dbt")), *arguments, *self._options, "--vars", _variables(as_of)]
        done = subprocess.run(
            command, cwd=self.root, env=self._environment, capture_output=True, text=True, check=False
        )
        found = target / "run_results.json"
        assert done.returncode == 0 or found.exists(), done.stdout[-4000:] + done.stderr[-2000:]
        results = json.loads(found.read_text(encoding="utf-8"))["results"] if found.exists() else []
        return {result["unique_id"]: result["status"] for result in results}

    def dbt_as_of_each(self, warehouses: dict[str, Path], *arguments: str) -> None:
        """Run dbt once for each moment, in the warehouse given for it; the project is read but once.

        The files of the warehouses have one and the same name.

        Raises:
            AssertionError: a run failed; the message holds dbt's output.
        """
        runs = [{"warehouse": str(file), "vars": _variables(as_of)} for as_of, file in warehouses.items()]
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("many_runs.py"))],
            input=json.dumps({"arguments": arguments, "options": self._options, "runs": runs}),
            cwd=self.root,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]

    @property
    def _options(self) -> list[str]:
        folder, target = PROJECT_DIR.name, str(self.folder / "target")
        return ["--project-dir", folder, "--profiles-dir", folder, "--target-path", target, "--log-path", target]

    @property
    def _environment(self) -> dict[str, str]:
        own = {"PERENNIAL_LAKE": str(self.lake), "PERENNIAL_BUILD_WAREHOUSE": WAREHOUSE}
        return os.environ | own

    def manifest(self) -> dict[str, Any]:
        return json.loads((self.folder / "target" / "manifest.json").read_text(encoding="utf-8"))

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text that must be there: a mutation that changes nothing proves nothing."""
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{path} no longer holds {old!r}"
        file.write_text(text.replace(old, new), encoding="utf-8")


def _variables(as_of: str) -> str:
    return json.dumps({"as_of": as_of, "reporting_currency": "EUR", "reporting_minor_units": 2, "time_zone": "UTC"})


def copy_of_the_project(root: Path, lake: Path, read: Project | None = None) -> Project:
    """Copy the project as it is; `read` is a copy whose full reading by dbt the new one takes over."""
    project = Project(root, lake)
    shutil.copytree(PROJECT_DIR, project.folder, ignore=shutil.ignore_patterns("target", "logs", ".user.yml"))
    (root / "include").symlink_to(PROJECT_DIR.parent / "include")
    if read:
        (project.folder / "target").mkdir()
        shutil.copy2(read.folder / READING, project.folder / READING)
    return project

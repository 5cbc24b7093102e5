"""A small lake, the manifest and a built copy of the dbt project; dbt is started as seldom as possible."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from include.lake.layout import lake_columns
from include.sources.entities import Entity, all_entities
from include.warehouse.dbt import MANIFEST
from tests.dbt.project_copy import AS_OF, Project, copy_of_the_project

# Values the models tell apart; every other text says which load it came with.
MEANINGFUL = {
    ("orders", "status"): "completed",
    ("consents", "status"): "granted",
    ("email_events", "event_type"): "sent",
    ("order_lines", "line_type"): "product",
}


Once = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """Fill a folder by name once for all processes of this run; the others wait for it."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent

    def fill(name: str, make: Callable[[Path], None]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return fill


@pytest.fixture(scope="session")
def lake(once: Once) -> Path:
    """A lake in which each stream holds one record, landed twice, and one of the very moment of as_of."""
    return once("lake", _fill_lake)


def _fill_lake(root: Path) -> None:
    for entity in all_entities().values():
        folder = root / "shop" / entity.name / "load_date=2025-01-01"
        folder.mkdir(parents=True)
        columns = lake_columns(entity)
        rows = [_row(entity, "first", 1), _row(entity, "second", 2)]
        if (entity.event_time and entity.family != "email") or entity.name in (
            "email_events",
            "consents",
            "campaign_hold_outs",
        ):
            rows.append(_row(entity, "late", 3))
        selects = [
            "select " + ", ".join(f"cast({row[name]} as {kind}) as {name}" for name, kind in columns.items())
            for row in rows
        ]
        with duckdb.connect() as con:
            con.execute(f"copy ({' union all '.join(selects)}) to '{folder / 'rows.parquet'}' (format parquet)")


def _row(entity: Entity, word: str, load: int) -> dict[str, str]:
    row = {"_source": "'shop'", "_file": "'f'", "_row": "1", "_load_id": f"'l{load}'"}
    row |= {"_loaded_at": f"timestamp '2025-01-0{load} 00:00:00'", "_parent": "null", "_deleted_at": "null"}
    for column in entity.columns:
        late = word == "late"
        if column.name == entity.event_time:
            value = f"timestamp '{AS_OF}'" if late else "timestamp '2025-01-10 12:00:00'"
        elif (entity.name, column.name) in MEANINGFUL:
            value = f"'{MEANINGFUL[entity.name, column.name]}'"
        elif column.type == "currency":
            value = "'EUR'"
        elif column.type in ("text", "status"):
            value = f"'{'late' if late else 'k'}'" if column.name in entity.key else f"'{word}'"
        elif column.type in ("date", "timestamp"):
            value = "date '2025-01-10'"
        else:
            value = "true" if column.type == "boolean" else "1"
        row[column.name] = value
    return row


@pytest.fixture(scope="session")
def parsed() -> dict[str, Any]:
    """The manifest of the project as it is."""
    return json.loads(MANIFEST.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, once: Once, lake: Path) -> tuple[Project, dict[str, str]]:
    """The project built over the lake without its tests, and the status of every seed and model.

    It is built once; each process has a copy, in which it may run dbt.
    """

    def build(folder: Path) -> None:
        excluded = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "test")
        statuses = copy_of_the_project(folder, lake).dbt("build", *excluded)
        (folder / "statuses.json").write_text(json.dumps(statuses), encoding="utf-8")

    root = tmp_path_factory.mktemp("project")
    shutil.copytree(once("built", build), root, symlinks=True, dirs_exist_ok=True)
    return Project(root, lake), json.loads((root / "statuses.json").read_text(encoding="utf-8"))

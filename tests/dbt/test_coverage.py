"""docs/coverage.md names for every requirement the models that meet it and the tests that hold it; all exist."""

from __future__ import annotations

import re
from typing import Any

import pytest

from include.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "coverage.md"
REQUIRED = {
    f"R{number}"
    for first, last in ((1, 15), (20, 41), (50, 62), (70, 72), (80, 91), (110, 112))
    for number in range(first, last + 1)
}
ROW = re.compile(r"^\| (?P<id>R\d+) \| [^|]+ \| (?P<models>[^|]+) \| (?P<tests>[^|]+) \|$", re.M)


def names(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def known_tests(manifest: dict[str, Any]) -> set[str]:
    """Unit tests and data tests of dbt, by the names people gave them, and singular ones."""
    nodes = [*manifest["nodes"].values(), *manifest["unit_tests"].values()]
    return {node["name"] for node in nodes if node["resource_type"] in ("test", "unit_test")}


def is_python_test(name: str) -> bool:
    """Whether tests/file.py::function is there."""
    path, _, function = name.partition("::")
    file = PROJECT_ROOT / path
    return path.endswith(".py") and file.is_file() and f"def {function}(" in file.read_text(encoding="utf-8")


def problems(page: str, manifest: dict[str, Any]) -> list[str]:
    """Requirements without a row, rows without a model or a test, names of what does not exist."""
    rows = list(ROW.finditer(page))
    found = [f"{missing} has no row" for missing in sorted(REQUIRED - {row["id"] for row in rows})]
    known = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")}
    tests = known_tests(manifest)
    for row in rows:
        if not names(row["models"]) or not names(row["tests"]):
            found.append(f"{row['id']} names no model or no test")
        found += [f"{row['id']}: no model {name}" for name in names(row["models"]) if name not in known]
        found += [
            f"{row['id']}: no test {name}"
            for name in names(row["tests"])
            if name not in tests and not is_python_test(name)
        ]
    return found


def test_every_requirement_is_covered(parsed):
    assert problems(PAGE.read_text(encoding="utf-8"), parsed) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| R50 |", "| R500 |"),
        ("`stage_rules`", "`stage_rulez`"),
        ("`intervals_rf7_one_order`", "`intervals_rf7_no_such_test`"),
        ("tests/dbt/test_replay.py::test_replay", "tests/dbt/test_replay.py::test_replayed"),
        ("tests/dbt/test_replay.py::test_replay", "tests/dbt/test_replays.py::test_replay"),
    ],
)
def test_a_gap_is_found(parsed, old, new):
    page = PAGE.read_text(encoding="utf-8")
    assert old in page
    assert problems(page.replace(old, new), parsed)

"""The Data Docs of a gate that runs every day: a page for each result, written once, and the newest only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.quality import checks
from include.quality.checks import data_docs_index, open_report, run_suites, write_data_docs


def check(folder: Path, tables: dict[str, int]) -> None:
    from great_expectations import expectations as gxe

    database = folder / "a.duckdb"
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as con:
        for name, value in tables.items():
            con.execute(f"create table {name} as select {value} as v")
    suites = {
        name: [gxe.ExpectColumnValuesToBeBetween(column="v", min_value=1, meta={"rule": "v is positive"})]
        for name in tables
    }
    report = open_report(folder / "report")
    run_suites(database, suites, report, row_rules=False)
    write_data_docs(report)


def pages(folder: Path) -> set[Path]:
    return set((data_docs_index(folder / "report").parent / "validations").rglob("*.html"))


def test_each_run_adds_its_pages_and_the_newest_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "RUNS_KEPT", 2)
    check(tmp_path, {"a": 1, "b": 1})
    first = pages(tmp_path)
    assert sorted(path.parts[-4] for path in first) == ["a", "b"]
    check(tmp_path, {"a": 0})
    second = pages(tmp_path)
    assert first < second and len(second) == 3
    check(tmp_path, {"a": 1})
    third = pages(tmp_path)
    # Of three runs of a the oldest went, its result as well as its page; b was not checked again and keeps its one.
    assert sorted(path.parts[-4] for path in third) == ["a", "a", "b"]
    assert second - third == {path for path in first if path.parts[-4] == "a"}
    results = (tmp_path / "report" / "gx" / "uncommitted" / "validations").rglob("*.json")
    assert sorted(path.parts[-4] for path in results) == ["a", "a", "b"]
    index = data_docs_index(tmp_path / "report").read_text(encoding="utf-8")
    assert all(page.name in index and str(page.parts[-2]) in index for page in third)
    assert not any(str(page.parts[-2]) in index for page in second - third)


def test_a_page_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from great_expectations.data_context import EphemeralDataContext

    asked: list[list[Any]] = []
    build = EphemeralDataContext.build_data_docs

    def counted(self: EphemeralDataContext, resource_identifiers: list[Any]) -> Any:
        asked.append(resource_identifiers)
        return build(self, resource_identifiers=resource_identifiers)

    monkeypatch.setattr(EphemeralDataContext, "build_data_docs", counted)
    check(tmp_path, {"a": 1})
    check(tmp_path, {"a": 0, "b": 1})
    # A result and its suite for each table that was checked, none of the run before.
    assert [len(found) for found in asked] == [2, 4]

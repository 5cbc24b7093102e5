"""A metric of the semantic layer is the metric of kpi_period: same words, same numbers, NULL where NULL is."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.metrics.ask import SEMANTIC_MANIFEST, MetricsError, Question, answer, for_reading, queries
from include.settings import PROJECT_ROOT
from include.warehouse.dbt import PROJECT_DIR
from tests.dbt.project_copy import Project
from tests.support.metrics import PERIODS, differences
from tests.unit.sources.bench import plain_settings

QUERIES = PROJECT_ROOT / "include" / "site" / "queries"
PAGES = {f"page_{folder.name}" for folder in QUERIES.iterdir()}
Built = tuple[Project, dict[str, str]]


@pytest.fixture
def warehouse(built: Built, tmp_path: Path) -> Path:
    """The built warehouse, to be changed by one test."""
    return Path(shutil.copy(built[0].warehouse, tmp_path / "warehouse.duckdb"))


def semantic_manifest(built: Built) -> Path:
    return built[0].folder / "target" / "semantic_manifest.json"


def definitions() -> dict[str, dict[str, Any]]:
    return {metric["name"]: metric for metric in json.loads(SEMANTIC_MANIFEST.read_text(encoding="utf-8"))["metrics"]}


def test_every_metric_is_that_of_kpi_period(built: Built) -> None:
    with duckdb.connect(str(built[0].warehouse), read_only=True) as con:
        assert differences(con, semantic_manifest(built)) == []
        known, unknown = con.execute("select count(value), count(*) - count(value) from marts.kpi_period").fetchall()[0]
    assert known > 500
    assert unknown > 100


def test_what_differs_is_found_and_nothing_else(built: Built, warehouse: Path) -> None:
    changes = {"aov": "coalesce(value, 0) + 0.01", "cac": "coalesce(value, 0)", "customers": "nullif(value, 0)"}
    cases = " ".join(f"when '{metric}' then {change}" for metric, change in changes.items())
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create table made as from marts.kpi_period")
        con.execute(f"update marts.kpi_period set value = case metric {cases} end where metric in {(*changes,)}")
        changed = con.execute(
            "select period_type, period_start, metric, dimension, dimension_value, kpi.value"
            " from marts.kpi_period as kpi inner join made"
            " using (period_type, period_start, metric, dimension, dimension_value)"
            " where kpi.value is distinct from made.value"
        ).fetchall()
        found = differences(con, semantic_manifest(built))
    assert {row[2] for row in changed} == {*changes}
    assert sorted(map(str, changed)) == sorted(str(row[:-1]) for row in found)


def test_every_kpi_has_its_words_in_the_semantic_layer_too() -> None:
    known = definitions()
    with (PROJECT_DIR / "seeds" / "kpi_definitions.csv").open(encoding="utf-8") as file:
        kpis = list(csv.DictReader(file))
    for kpi in kpis:
        name = kpi["metric"]
        if name in known:
            assert known[name]["description"] == kpi["description"]
        else:
            for period in PERIODS:
                words = re.sub(rf" \(a {period}\)$", "", known[f"{name}_{period}"]["description"])
                assert words == kpi["description"]


def test_there_are_metrics_of_every_kind() -> None:
    kinds = {metric["type"] for metric in definitions().values()}
    assert kinds == {"simple", "ratio", "derived", "cumulative", "conversion"}


def test_a_metric_that_there_is_not_is_named() -> None:
    with pytest.raises(MetricsError, match=r"(?s)MetricFlow cannot answer: .*no_such_metric"):
        queries([Question(["no_such_metric"], ["metric_time__month"])])


def test_ratios_are_rounded_for_reading_and_nothing_else_is_touched() -> None:
    found = duckdb.sql(
        """select date '2024-01-01' as "day of it", 2::double / 3 as aov, 7 as orders, 1.23456 as exact"""
    )
    shown = for_reading(found)
    assert shown.columns == ["day of it", "aov", "orders", "exact"]
    assert [str(value) for value in shown.fetchall()[0]] == ["2024-01-01", "0.6667", "7", "1.23456"]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(MetricsError, match=r"gone\.json does not exist; run `make manifest`"):
        queries([], tmp_path / "gone.json")
    with pytest.raises(MetricsError, match=r"warehouse\.duckdb does not exist; run the DAG build_marts"):
        answer(plain_settings(tmp_path), Question(["aov"], ["metric_time__month"]))


def test_every_page_and_every_audience_has_an_exposure_with_an_owner(parsed: dict[str, Any]) -> None:
    assert without_exposure(parsed) == []


def test_a_page_or_an_audience_without_one_is_found(parsed: dict[str, Any]) -> None:
    gone = {name: one for name, one in parsed["exposures"].items() if not name.endswith((".page_cohorts", ".loyal"))}
    nobody = {name: one | {"owner": {"name": ""}} for name, one in gone.items() if name.endswith(".lapsed")}
    assert without_exposure(parsed | {"exposures": gone | nobody}) == ["page_cohorts", "pub_lapsed", "pub_loyal"]


def test_a_page_depends_on_what_its_queries_read(parsed: dict[str, Any]) -> None:
    assert {page: said for page in PAGES if (said := differing(parsed, page))} == {}
    # The known-bad case: a query of one page beside the exposure of another.
    other = [one | {"name": "page_segments"} for one in parsed["exposures"].values() if one["name"] == "page_cohorts"]
    assert differing(parsed | {"exposures": {"x": other[0]}}, "page_segments")


def differing(manifest: dict[str, Any], page: str) -> set[str]:
    """Models and seeds that a page's queries read and its exposure does not name, and the other way round."""
    nodes = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")}
    sql = "".join(path.read_text(encoding="utf-8") for path in (QUERIES / page.removeprefix("page_")).glob("*.sql"))
    read = set(re.findall(r"\b(?:marts|publish|seeds)\.(\w+)", sql)) & nodes
    [exposure] = [one for one in manifest["exposures"].values() if one["name"] == page]
    return read ^ {unique_id.split(".")[-1] for unique_id in exposure["depends_on"]["nodes"]}


def without_exposure(manifest: dict[str, Any]) -> list[str]:
    """Pages, and models that leave the house, whom no exposure with an owner names."""
    owned = [one for one in manifest["exposures"].values() if one["owner"]["name"]]
    named = {one["name"] for one in owned} | {f"pub_{one['name']}" for one in owned if one["type"] == "application"}
    audiences = {node["name"] for node in manifest["nodes"].values() if node["fqn"][1:2] == ["publish"]}
    models = {name for name in audiences if name.startswith("pub_") and name != "pub_suppressions"}
    return sorted((PAGES | models) - named)

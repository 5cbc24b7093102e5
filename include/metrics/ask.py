"""Ask for a metric by its name: MetricFlow writes the SQL from the definitions in dbt, the live warehouse answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from include.settings import Settings
from include.sources.readers import identifier
from include.warehouse.dbt import PROJECT_DIR

SEMANTIC_MANIFEST = PROJECT_DIR / "target" / "semantic_manifest.json"


class MetricsError(RuntimeError):
    """A question cannot be answered; the message says why and what to do."""


@dataclass(frozen=True)
class Question:
    """Metrics, and what they are told apart by.

    Attributes:
        metrics: their names.
        by: such as metric_time__month, kpi__channel.
    """

    metrics: Sequence[str]
    by: Sequence[str]


def queries(questions: Sequence[Question], semantic_manifest: Path = SEMANTIC_MANIFEST) -> list[str]:
    """Let MetricFlow, which dbt brings along, write one SELECT for each question.

    Raises:
        MetricsError: the project was not parsed, or a question names what there is not.
    """
    from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
    from metricflow.protocols.sql_client import SqlEngine
    from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
    from metricflow_semantics.errors.error_classes import InvalidQueryException
    from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    class Dialect:
        """What MetricFlow wants to know of a database that it only writes SQL for."""

        sql_engine_type = SqlEngine.DUCKDB
        sql_plan_renderer = DuckDbSqlPlanRenderer()

    if not semantic_manifest.exists():
        raise MetricsError(f"{semantic_manifest} does not exist; run `make manifest`.")
    manifest = parse_manifest_from_dbt_generated_manifest(semantic_manifest.read_text(encoding="utf-8"))
    engine = MetricFlowEngine(SemanticManifestLookup(manifest), Dialect())
    try:
        requests = [MetricFlowQueryRequest.create(metric_names=one.metrics, group_by_names=one.by) for one in questions]
        return [engine.explain(request).sql_statement.sql for request in requests]
    except InvalidQueryException as error:
        raise MetricsError(f"MetricFlow cannot answer: {error}") from None


def answer(settings: Settings, question: Question) -> duckdb.DuckDBPyRelation:
    """Ask the live warehouse.

    Returns:
        A column for each of `by` and each metric, in the order of `by`.

    Raises:
        MetricsError: as queries does; or there is no live warehouse.
    """
    if not settings.live_warehouse.exists():
        raise MetricsError(f"{settings.live_warehouse} does not exist; run the DAG build_marts (make demo).")
    [query] = queries([question])
    # The SQL names its tables with the catalog "warehouse", which is what DuckDB calls a file of that name.
    con = duckdb.connect(str(settings.live_warehouse), read_only=True)
    return con.sql(query).order(", ".join(map(identifier, question.by)))


def for_reading(found: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    """Round an answer's ratios to four digits behind the point; as binary fractions they have up to seventeen."""
    columns = zip(map(identifier, found.columns), map(str, found.types), strict=True)
    return found.project(
        ", ".join(f"round({name}, 4) as {name}" if kind == "DOUBLE" else name for name, kind in columns)
    )

"""Asks MetricFlow for every metric of kpi_period, and compares."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from include.metrics.ask import Question, queries

PERIODS = ("day", "week", "month", "quarter", "year")
CHANNEL = "kpi__channel"


def metric_of(con: duckdb.DuckDBPyConnection, metric: str, period: str) -> str:
    """Name of a KPI in the semantic layer: with its period where customers or followers are counted."""
    kinds = con.execute(
        "select list(measures.kind) from seeds.kpi_definitions as kpi inner join seeds.kpi_measures as measures"
        " on measures.measure in (kpi.numerator, kpi.denominator) where kpi.metric = ?",
        [metric],
    ).fetchall()[0][0]
    return metric if set(kinds) == {"flow"} else f"{metric}_{period}"


def differences(con: duckdb.DuckDBPyConnection, semantic_manifest: Path) -> list[tuple[Any, ...]]:
    """Rows of kpi_period that MetricFlow does not give, and the number it gives.

    Returns:
        period_type, period_start, metric, dimension, dimension_value, value in kpi_period, value of MetricFlow.
    """
    metrics = [row[0] for row in con.execute("select metric from seeds.kpi_definitions order by 1").fetchall()]
    asked = [(period, by) for period in PERIODS for by in ((), (CHANNEL,))]
    names = {period: {metric: metric_of(con, metric, period) for metric in metrics} for period in PERIODS}
    questions = [Question([*names[period].values()], [f"metric_time__{period}", *by]) for period, by in asked]
    found = []
    for (period, by), query in zip(asked, queries(questions, semantic_manifest), strict=True):
        values = ", ".join(f'cast("{name}" as double) as "{metric}"' for metric, name in names[period].items())
        channel = CHANNEL if by else "'all'"
        con.execute(
            f"create or replace temp table answers as from (select cast(metric_time__{period} as date) as period_start,"
            f" {channel} as dimension_value, {values} from ({query}))"
            f" unpivot include nulls (value for metric in ({', '.join(names[period])}))"
        )
        found += con.execute(
            "select kpi.period_type, kpi.period_start, kpi.metric, kpi.dimension, kpi.dimension_value, kpi.value,"
            " answers.value from marts.kpi_period as kpi"
            " left join answers using (period_start, metric, dimension_value)"
            " where kpi.period_type = ? and kpi.dimension = ? and kpi.value is distinct from answers.value"
            " order by all",
            [period, "channel" if by else "all"],
        ).fetchall()
    return found

"""Run suites of Great Expectations against tables of a DuckDB file and keep the reports."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy

if TYPE_CHECKING:
    from great_expectations.data_context import EphemeralDataContext

ROW_ID = ("_load_id", "_row")
RUNS_KEPT = 30


@dataclass(frozen=True)
class Failure:
    """One expectation that did not hold.

    Attributes:
        table: the table it was checked on.
        rule: what it demands, in the words of the suite.
        observed: what was found, for table rules; None for row rules.
        rows: number of rows that break it; None for table rules.
        query: SQL that selects the ROW_ID columns of these rows; None for table rules.
    """

    table: str
    rule: str
    observed: str | None
    rows: int | None
    query: str | None

    def __str__(self) -> str:
        """Say it in one line."""
        found = f"{self.rows:,} rows" if self.rows is not None else f"found {self.observed}"
        return f"{self.table}: {self.rule} ({found})"


@dataclass(frozen=True)
class Report:
    """Where a gate keeps its suites, its results and the Data Docs of them."""

    context: EphemeralDataContext
    folder: Path


def open_report(report_dir: Path) -> Report:
    """Open the report of a gate, or begin it.

    Suites, results and pages are files; all else that Great Expectations would write and read again with every table is
    kept in memory, a third of a gate's time.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        FilesystemStoreBackendDefaults,
        InMemoryStoreBackendDefaults,
    )

    folder = report_dir / "gx"
    kept, passing = FilesystemStoreBackendDefaults(root_directory=folder), InMemoryStoreBackendDefaults()
    for store in (kept.validation_definition_store_name, kept.checkpoint_store_name):
        kept.stores[store] = passing.stores[store]
    config = DataContextConfig(store_backend_defaults=kept, progress_bars={"globally": False})
    return Report(gx.get_context(mode="ephemeral", project_config=config), folder)


def run_suites(database: Path, suites: dict[str, Sequence[Any]], report: Report, row_rules: bool) -> list[Failure]:
    """Check each table against its suite and keep the results for the Data Docs.

    Args:
        database: DuckDB file that holds the tables; no other process may have it open for writing.
        suites: expectations by table name; each carries meta["rule"], what it demands in plain words.
        report: of this gate.
        row_rules: ask for the rows that break a rule; the tables must have the ROW_ID columns then.

    Returns:
        The expectations that failed, in the order of the suites.

    Raises:
        RuntimeError: an expectation could not be evaluated; a check that cannot run is not a check that passed.
    """
    import great_expectations as gx

    from include.quality import duckdb_dialect

    duckdb_dialect.install()
    url = f"duckdb:///{database}?access_mode=read_only"
    context = report.context
    source = context.data_sources.add_or_update_sql("warehouse", connection_string=url)
    result_format: dict[str, Any] = {"result_format": "SUMMARY", "partial_unexpected_count": 0}
    failures = []
    # Great Expectations connects for every query; while one connection is open, another costs next to nothing.
    with closing(sqlalchemy.create_engine(url).connect()):
        for table, expectations in suites.items():
            schema, _, name = table.rpartition(".")
            asset = source.add_table_asset(table, table_name=name, schema_name=schema or None)
            suite = context.suites.add_or_update(gx.ExpectationSuite(table, expectations=list(expectations)))
            definition = context.validation_definitions.add_or_update(
                gx.ValidationDefinition(name=table, data=asset.add_batch_definition_whole_table("all"), suite=suite)
            )
            wanted = dict(result_format)
            if row_rules:
                wanted |= {"result_format": "COMPLETE", "unexpected_index_column_names": list(ROW_ID)}
            outcome = definition.run(result_format=wanted)
            failures += [failure for result in outcome.results if (failure := _failure(table, result))]
    return failures


def write_data_docs(report: Report) -> None:
    """Add the results of the last checks to the Data Docs of one gate; of each table the newest RUNS_KEPT stay."""
    from great_expectations.data_context.types.resource_identifiers import ExpectationSuiteIdentifier

    kept = report.folder / "uncommitted"
    results, pages = kept / "validations", kept / "data_docs" / "local_site" / "validations"
    for runs in [*results.glob("*/*"), *pages.glob("*/*")]:
        _keep_newest(runs)
    known = report.context.validation_results_store.list_keys()
    # Written once, a result's page stays as it is.
    new = [key for key in known if not pages.joinpath(*key.to_tuple()[:-1], f"{key.batch_identifier}.html").exists()]
    suites = {ExpectationSuiteIdentifier(key.expectation_suite_identifier.name) for key in new}
    report.context.build_data_docs(resource_identifiers=[*new, *suites])


def _keep_newest(runs: Path) -> None:
    for run in sorted(runs.iterdir())[:-RUNS_KEPT]:
        shutil.rmtree(run)


def data_docs_index(report_dir: Path) -> Path:
    """Path of the Data Docs of one gate."""
    return report_dir / "gx" / "uncommitted" / "data_docs" / "local_site" / "index.html"


def _failure(table: str, result: Any) -> Failure | None:
    config = result.expectation_config
    raised = _raised(result.exception_info or {})
    if raised:
        raise RuntimeError(f"{table}: {config.type} could not be evaluated: {raised}")
    if result.success:
        return None
    found = result.result
    rule = (config.meta or {}).get("rule") or f"{config.type} {config.kwargs}"
    query = (found.get("unexpected_index_query") or "").strip().rstrip(";") or None
    count = found.get("unexpected_count")
    return Failure(table, rule, str(found.get("observed_value")) if count is None else None, count, query)


def _raised(info: dict[str, Any]) -> str | None:
    """Find an exception's text: Great Expectations gives one record, or one record per metric."""
    records = [info] if "raised_exception" in info else [item for item in info.values() if isinstance(item, dict)]
    return next((item["exception_message"] for item in records if item.get("raised_exception")), None)

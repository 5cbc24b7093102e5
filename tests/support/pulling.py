"""What the tests of vendors' sources share: a source file, a lake, the way from the API to contract rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from include.demo.tools.base import Tool
from include.lake.layout import Lake
from include.settings import Settings
from include.sources.entities import all_entities
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.sources.pull.base import Span
from include.sources.pull.run import pull_family
from include.sources.readers import quote
from include.sources.source_file import read_source_file

AnyTool = TypeVar("AnyTool", bound=Tool)
KEY = "pk_key-of-the-test"


class Pulling:
    """One source file, and the lake it fills.

    Attributes:
        path: the source file.
        settings: where the lake is.
    """

    def __init__(self, folder: Path, **content: Any) -> None:
        self.path = folder / f"{content['source']}.yml"
        self.path.write_text(yaml.safe_dump({"time_zone": "UTC"} | content), encoding="utf-8")
        self.settings = Settings(_env_file=None, data_dir=folder, lake_url=str(folder / "lake"))

    def pull(self, end: str, entities: tuple[str, ...], start: str | None = None) -> list[dict[str, Any]]:
        """Pull up to a moment in UTC, as the load DAGs do."""
        found = read_source_file(self.path)
        assert found is not None
        span = Span(_utc(end), _utc(start) if start else None)
        return pull_family(self.settings, self.path, found, entities, span)

    def lay(self, resource: str, *records: dict[str, Any], name: str = "all", pulled_at: str = "2026-01-01") -> None:
        """Put raw records into the lake, as if they had been pulled."""
        payloads = [json.dumps(record) for record in records]
        moments = pa.array([datetime.fromisoformat(pulled_at)] * len(payloads), pa.timestamp("us"))
        table = pa.table({"payload": pa.array(payloads, pa.string()), "pulled_at": moments})
        table = table.append_column("deleted_at", pa.nulls(len(payloads), pa.timestamp("us")))
        folder = Lake(self.settings).raw(self.path.stem) / resource
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / f"{name}.parquet")

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """Map an entity; return its contract rows, each key in its last version, in the order of the key.

        Columns in which no row has anything are left out.
        """
        mapping = read_mapping(self.path)
        extract(self.settings, mapping, entity)
        files = Lake(self.settings).incoming(mapping.source, entity) / "*.parquet"
        keys = ", ".join(all_entities()[entity].key)
        columns = ", ".join(all_entities()[entity].column_names)
        ranked = (
            f"select *, row_number() over (partition by {keys} order by _seen_at desc nulls last, filename desc,"
            f" _row desc) as nth from read_parquet({quote(str(files))}, filename = true)"
        )
        with duckdb.connect() as con:
            found = con.execute(
                f"select {columns}, _problem from ({ranked}) where nth = 1 and _deleted_at is null order by {keys}"
            )
            return _said(found)


def rows_of_files(shop: Path, entity: str, where: str = "true") -> list[dict[str, Any]]:
    """Return the rows of the simulated shop's files as `Pulling.rows` does, of consents only those with `where`."""
    [form] = {path.suffix for path in (shop / entity).iterdir()}
    read = {".csv": "read_csv", ".jsonl": "read_json", ".parquet": "read_parquet"}[form]
    files = f"{read}({quote(f'{shop}/{entity}/*')})"
    keys = ", ".join(all_entities()[entity].key)
    with duckdb.connect() as con:
        kinds = con.execute(f"describe from {files}").fetchall()
        moments = [name for name, kind, *_ in kinds if kind == "TIMESTAMP WITH TIME ZONE"]
        naive = ", ".join(f"timezone('UTC', {name}) as {name}" for name in moments)
        columns = f"* replace ({naive})" if moments else "*"
        chosen = f"where {where}" if entity == "consents" else ""
        return _said(con.execute(f"select {columns} from {files} {chosen} order by {keys}"))


def _said(found: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    told = [name for name in names if any(row[name] is not None for row in rows)]
    return [{name: row[name] for name in told} for row in rows]


def export(folder: Path, table: str, rows: list[dict[str, Any]], **types: str) -> None:
    """Write a table as another tool would export it: text columns, except those of another DuckDB type."""
    (folder / table).mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for row in rows for name in row))
    texts = {name: [None if (value := row.get(name)) is None else str(value) for row in rows] for name in names}
    written = pa.table({name: pa.array(values, pa.string()) for name, values in texts.items()})
    columns = ", ".join(f'cast("{name}" as {types.get(name, "varchar")}) as "{name}"' for name in names)
    with duckdb.connect() as con:
        con.register("written", written)
        con.execute(
            f"copy (select {columns} from written) to {quote(str(folder / table / 'part.parquet'))} (format parquet)"
        )


def export_airbyte(folder: Path, records: Path) -> None:
    """Write the tables of records as Airbyte's connectors emit them: {"stream": …, "data": {…}} a line."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for line in records.read_text(encoding="utf-8").splitlines():
        if line.strip():
            one = json.loads(line)
            tables.setdefault(one["stream"], []).append(one["data"])
    for table, rows in tables.items():
        nested = [
            {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in row.items()}
            for row in rows
        ]
        export(folder, table, nested)


@contextmanager
def started(tool: AnyTool) -> Iterator[AnyTool]:
    """Run a stand-in."""
    tool.start()
    try:
        yield tool
    finally:
        tool.stop()


def connect(monkeypatch: pytest.MonkeyPatch, tool: Tool, password: str = KEY, **more: Any) -> None:
    """Define the Airflow connection `tool`."""
    value = {"conn_type": "http", "host": tool.url, "password": password} | more
    monkeypatch.setenv("AIRFLOW_CONN_TOOL", json.dumps(value))


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)

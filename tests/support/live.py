"""A live warehouse made by hand: every mart as its contract says, empty or with a few rows whose sums are plain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from include.publisher import journal
from include.quality.gate_2 import AUDIT_DIR
from include.settings import PROJECT_ROOT, Settings
from include.sources.readers import identifier, quote
from include.warehouse.meta import record_build
from include.warehouse.promote import promote

DBT = PROJECT_ROOT / "dbt_project"
AS_OF = datetime(2025, 2, 1)  # noqa: DTZ001 - UTC without a zone, as in the warehouse
AUDITS = """
create schema audit;
create table audit.reconciliation (measure varchar, raw_value decimal(38, 4), staging_value decimal(38, 4),
    mart_value decimal(38, 4));
create table audit.conservation (measure varchar, one_value decimal(38, 4), other_value decimal(38, 4));
"""


def live_warehouse(folder: Path, rows: dict[str, Iterable[dict[str, Any]]] | None = None) -> Settings:
    """Promote a warehouse with these rows of schema.table; what a row does not name is NULL."""
    settings = Settings(_env_file=None, data_dir=folder, time_zone="Europe/Berlin")
    settings.build_warehouse.parent.mkdir(parents=True, exist_ok=True)
    settings.build_warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(settings.build_warehouse)) as connection:
        connection.execute("create schema marts; create schema publish; create schema seeds; create schema contacts;")
        connection.execute(AUDITS)
        for audit in ("reconciliation", "conservation"):
            text = (AUDIT_DIR / f"{audit}.sql").read_text(encoding="utf-8")
            connection.execute(text[text.index("comment on table") :])
        connection.execute(_contracts())
        connection.execute(_seeds())
    record_build(settings, AS_OF, "run-1", [("audit.offers", "there is a budget")])
    with duckdb.connect(str(settings.build_warehouse)) as connection:
        for table, given in (rows or {}).items():
            insert(connection, table, given)
    promote(settings)
    return settings


def publish_rows(settings: Settings, table: str, rows: list[dict[str, Any]]) -> None:
    """Write rows into a file of the publisher's journal, which the live warehouse shows as a table."""
    journal.queries(settings)
    path, schema = journal.folder(settings) / table / f"{1:020d}.parquet", journal.SCHEMAS[table]
    whole = [dict.fromkeys(schema.names) | {"run_id": "r1"} | row for row in rows]
    pq.write_table(pa.Table.from_pylist(whole, schema), path)


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows by the names of their columns."""
    for row in rows:
        columns = ", ".join(map(identifier, row))
        connection.execute(f"insert into {table} ({columns}) values ({', '.join('?' * len(row))})", list(row.values()))


def _read(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)


@lru_cache(maxsize=1)
def _contracts() -> str:
    """SQL that makes every mart, empty, with the comments that dbt gives it."""
    words = dict(
        re.findall(r"{% docs (\w+) %}\s*(.*?)\s*{% enddocs %}", (DBT / "models" / "docs.md").read_text("utf-8"), re.S)
    )
    script = []
    for path in sorted((DBT / "models" / "marts").glob("*/*.yml")):
        for model in _read(path).get("models", []):
            schema = "contacts" if model["name"] == "contacts" else "marts"
            table = f"{schema}.{identifier(model['name'])}"
            columns = ", ".join(f"{identifier(one['name'])} {one['data_type']}" for one in model["columns"])
            script.append(f"create table {table} ({columns})")
            script.append(f"comment on table {table} is {quote(model['description'])}")
            for one in model["columns"]:
                said = re.sub(r"{{ doc\('(\w+)'\) }}", lambda match: words[match[1]], one["description"])
                script.append(f"comment on column {table}.{identifier(one['name'])} is {quote(said)}")
    return ";\n".join(script)


@lru_cache(maxsize=1)
def _seeds() -> str:
    """SQL that reads every seed as dbt does."""
    script = []
    for path in sorted((DBT / "seeds").glob("*.csv")):
        seed = _read(path.with_suffix(".yml"))["seeds"][0]
        types = seed.get("config", {}).get("column_types", {})
        declared = ", ".join(f"{quote(name)}: {quote(kind)}" for name, kind in types.items())
        given = f", types = {{{declared}}}" if declared else ""
        script.append(f"create table seeds.{path.stem} as from read_csv({quote(str(path))}, header = true{given})")
        script.append(f"comment on table seeds.{path.stem} is {quote(seed['description'])}")
    return ";\n".join(script)

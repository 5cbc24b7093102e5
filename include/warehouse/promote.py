"""Make a build that passed gate 2 the live warehouse, in one step that readers never see half done."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from include.lake.layout import written_aside
from include.publisher import journal
from include.settings import Settings
from include.sources.readers import identifier, quote

LIVE_SCHEMAS = ("marts", "publish", "seeds", "audit", "meta")
CONTACTS_SCHEMAS = ("contacts", "meta")
# Readable by DuckDB 1.2 to 2.0: the format of 2.0 would shut out the BI tools of today.
STORAGE_VERSION = "v1.2.0"


class PromotionError(RuntimeError):
    """The build cannot be promoted; the live warehouse is as it was."""


def promote(settings: Settings, expected_build_id: str | None = None) -> str:
    """Copy the build into new files and rename them to the live ones. Safe to run again.

    The contacts go first. Between the two renames the publisher finds different build ids and refuses; readers of the
    warehouse see the old build, then the new one. Pages about one customer are of the build before and are removed:
    who asked to be forgotten must not stay in one.

    Returns:
        The build id that is live now.

    Raises:
        PromotionError: the build has not passed gate 2, or is not the expected one.
    """
    build_id = _passed_build(settings.build_warehouse)
    if expected_build_id not in (None, build_id):
        raise PromotionError(
            f"The build warehouse holds build {build_id}, expected {expected_build_id}; run build_marts again."
        )
    settings.live_warehouse.parent.mkdir(parents=True, exist_ok=True)
    # Made before the contacts narrow the umask: whoever may read the warehouse may read what its views read.
    shown = journal.queries(settings)
    # Left to right they are opened, right to left renamed.
    with (
        written_aside(settings.live_warehouse) as warehouse,
        written_aside(settings.live_contacts, mode=0o600) as contacts,
    ):
        _copy(settings.build_warehouse, contacts, CONTACTS_SCHEMAS)
        _copy(settings.build_warehouse, warehouse, LIVE_SCHEMAS)
        _show_journal(warehouse, shown)
    if settings.customer_pages.exists():
        shutil.rmtree(settings.customer_pages)
    return build_id


def _show_journal(warehouse: Path, shown: dict[str, str]) -> None:
    """Let the live warehouse show what the publisher did, also after this promotion: views of the publisher's files."""
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create schema if not exists publish")
        for table, query in shown.items():
            view = f"publish.{identifier(table)}"
            con.execute(f"create view {view} as {query}")
            con.execute(f"comment on view {view} is {quote(journal.COMMENTS[table])}")


def _passed_build(build_warehouse: Path) -> str:
    if not build_warehouse.exists():
        raise PromotionError(f"{build_warehouse} does not exist; run the DAG build_marts.")
    with duckdb.connect(str(build_warehouse), read_only=True) as con:
        known = con.execute(
            "select 1 from duckdb_tables() where schema_name = 'meta' and table_name = 'build'"
        ).fetchall()
        found = con.execute("select build_id from meta.build").fetchall() if known else []
    if len(found) != 1:
        raise PromotionError(f"{build_warehouse} has not passed gate 2; run the DAG build_marts from its start.")
    return found[0][0]


def _copy(build: Path, target: Path, schemas: tuple[str, ...]) -> None:
    with duckdb.connect() as con:
        # A view of the build names its tables with the build's own catalog.
        con.execute(f"attach {quote(str(build))} as {identifier(build.stem)} (read_only)")
        con.execute(f"attach {quote(str(target))} as live (storage_version {quote(STORAGE_VERSION)})")
        wanted = ", ".join(map(quote, schemas))
        built = f"database_name = {quote(build.stem)} and schema_name in ({wanted})"
        relations = con.execute(
            f"select schema_name, table_name, comment from duckdb_tables() where {built}"
            f" union all select schema_name, view_name, comment from duckdb_views() where {built} order by all"
        ).fetchall()
        for schema in schemas:
            con.execute(f"create schema live.{schema}")
        for schema, relation, comment in relations:
            name = f"{identifier(schema)}.{identifier(relation)}"
            con.execute(f"create table live.{name} as from {identifier(build.stem)}.{name}")
            if comment:
                con.execute(f"comment on table live.{name} is {quote(comment)}")
        columns = con.execute(
            f"select schema_name, table_name, column_name, comment from duckdb_columns()"
            f" where {built} and comment is not null"
        ).fetchall()
        for schema, table, column, comment in columns:
            con.execute(
                f"comment on column live.{identifier(schema)}.{identifier(table)}.{identifier(column)}"
                f" is {quote(comment)}"
            )
        con.execute("checkpoint live")
        con.execute("detach live")

"""Take tables that another tool has loaded into PostgreSQL: each whole, as one Parquet file beside the raw records."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from include.destinations.base import DestinationRefused
from include.destinations.credentials import Credentials, credentials
from include.lake.layout import Lake, written_aside
from include.settings import Settings
from include.sources.mapping import Mapping
from include.sources.pull.base import Finding, PullError, PullRefused
from include.sources.readers import one_file, quote
from include.sources.records import bounded_connection
from include.sources.source_file import SourceFile

log = logging.getLogger(__name__)

CONNECT_SECONDS = 30
TABLE = re.compile(r"([^/*]+)/.*")


def pull_tables(settings: Settings, found: SourceFile, mapping: Mapping, streams: list[str]) -> list[dict[str, Any]]:
    """Copy the tables that some streams are made of.

    A table is copied whole: the tool that loads it changes rows in place, and says of no row reliably when.

    Args:
        settings: where the lake is.
        found: the source file, with `connection` and `tables_schema`.
        mapping: what it comes to; `<table>/*.parquet` names a table.
        streams: those wanted.

    Raises:
        PullRefused: the connection or a table is missing.
        PullError: the database gave no answer.
    """
    with _connected(found) as database:
        # All tables as of one moment: an order and its lines belong together.
        database.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        tables = _tables(mapping, streams)
        missing = _missing(database, found, tables, _optional(mapping, streams))
        folder = Lake(settings).raw(found.source)
        for name in missing:
            log.info("%s.%s: not there, read as empty", found.tables_schema, name)
            (folder / name / "all.parquet").unlink(missing_ok=True)
        there = [name for name in tables if name not in missing]
        return [_copy(database, str(found.tables_schema), name, folder) for name in there]


def find_tables(found: SourceFile, mapping: Mapping) -> Iterator[Finding]:
    """Say of each table that the mapping needs whether it is there, for `make check-sources`."""
    try:
        with _connected(found) as database:
            optional = _optional(mapping, list(mapping.streams))
            for name in _tables(mapping, list(mapping.streams)):
                try:
                    absent = _missing(database, found, [name], optional)
                except PullRefused as error:
                    yield Finding(f"table {name}", str(error))
                else:
                    yield Finding(f"table {name}, not there: read as empty" if absent else f"table {name}")
    except PullError as error:
        yield Finding("connection", str(error))


def _tables(mapping: Mapping, streams: list[str]) -> list[str]:
    globs = {glob for name in streams for spec in mapping.streams[name] for glob in (spec.files, *spec.tables.values())}
    return _names(globs)


def _optional(mapping: Mapping, streams: list[str]) -> set[str]:
    """Name the tables that the mapping reads as empty where they are missing."""
    specs = [spec for name in streams for spec in mapping.streams[name]]
    return set(_names({glob for spec in specs for name, glob in spec.tables.items() if name in spec.may_be_missing}))


def _names(globs: set[str]) -> list[str]:
    return sorted({match[1] for glob in globs if (match := TABLE.fullmatch(glob))})


@contextmanager
def _connected(found: SourceFile) -> Iterator[psycopg.Connection[Any]]:
    assert found.connection is not None
    try:
        with psycopg.connect(_address(credentials(found.connection)), connect_timeout=CONNECT_SECONDS) as database:
            yield database
    except DestinationRefused as error:
        raise PullRefused(f"{found.source}: {error}") from None
    except psycopg.OperationalError as error:
        raise PullError(
            f"{found.source}: PostgreSQL of the connection '{found.connection}' gave no answer "
            f"({type(error).__name__}). Nothing was written; the next attempt copies all tables again."
        ) from None


def _address(known: Credentials) -> str:
    host = re.sub("^[^:/]+://", "", known.host or "")
    name, _, port = host.partition(":")
    # Whatever else libpq knows, such as sslmode, may stand in the connection's extra.
    return psycopg.conninfo.make_conninfo(
        **{"host": name or None, "port": port or None, "user": known.login, "password": known.password}
        | {"dbname": known.schema}
        | dict(known.extra)
    )


def _missing(database: psycopg.Connection[Any], found: SourceFile, tables: list[str], optional: set[str]) -> list[str]:
    """Return the tables that are missing and may be.

    Raises:
        PullRefused: one is missing that may not.
    """
    there = {
        name
        for (name,) in database.execute(
            "select table_name from information_schema.tables where table_schema = %s", [found.tables_schema]
        )
    }
    absent = [name for name in tables if name not in there]
    # A table that is there, but not for this role, is not one that the tool has not made yet.
    hidden = {
        name
        for (name,) in database.execute(
            "select relname from pg_catalog.pg_class where relnamespace = to_regnamespace(quote_ident(%s))",
            [found.tables_schema],
        )
    }
    missing = [name for name in absent if name not in optional or name in hidden]
    if missing:
        raise PullRefused(
            f"{found.source}: the schema {found.tables_schema} has no table {', '.join(missing)} that the role may "
            f"read; it has {', '.join(sorted(there)) or 'none'}. Correct `tables_schema`, `streams` or its grants."
        )
    return absent


def _copy(database: psycopg.Connection[Any], schema: str, table: str, folder: Path) -> dict[str, Any]:
    target = folder / table / "all.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{table}.csv")
    named = sql.SQL("copy (select * from {}.{}) to stdout (format csv, header)").format(
        sql.Identifier(schema), sql.Identifier(table)
    )
    try:
        with scratch.open("wb") as out, database.cursor().copy(named) as copied:
            scratch.chmod(0o600)
            for block in copied:
                out.write(block)
        with bounded_connection(folder.parent) as con, written_aside(target, mode=0o600) as aside:
            read = f"read_csv({one_file(scratch)}, all_varchar = true, header = true, quote = '\"', escape = '\"')"
            con.execute(f"copy (from {read}) to {quote(str(aside))} (format parquet, use_tmp_file false)")
            rows = con.execute(f"select count(*) from read_parquet({one_file(aside)})").fetchall()[0][0]
    finally:
        scratch.unlink(missing_ok=True)
    log.info("%s.%s: %s rows copied", schema, table, f"{rows:,}")
    return {"resource": table, "records": rows, "new": True}

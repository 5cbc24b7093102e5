"""Put the new schemas in the place of the old ones, in one step."""

from __future__ import annotations

import time

import psycopg
from psycopg import sql

from include.serve.errors import ServeError
from include.serve.load import MARK
from include.serve.postgres import readers

READERS_SECONDS = 60.0
# Shorter than PostgreSQL's deadlock_timeout of a second, so that it is never a reader who is ended.
ATTEMPT = "500ms"
PAUSE_SECONDS = 1.0
BUSY = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)

_SCHEMAS = (
    "select nspname, obj_description(oid, 'pg_namespace') = %s as is_ours from pg_namespace"
    " where nspname not like 'pg\\_%%' and nspname <> 'information_schema'"
)
_DEPENDENTS = """
select distinct view_schema.nspname || '.' || view.relname
from pg_depend as depend
inner join pg_rewrite as rule on depend.classid = 'pg_rewrite'::regclass and depend.objid = rule.oid
inner join pg_class as view on rule.ev_class = view.oid
inner join pg_namespace as view_schema on view.relnamespace = view_schema.oid
inner join pg_class as relation on depend.refclassid = 'pg_class'::regclass and depend.refobjid = relation.oid
inner join pg_namespace as relation_schema on relation.relnamespace = relation_schema.oid
where relation_schema.nspname = any(%(ours)s) and view_schema.nspname <> all(%(ours)s)
order by 1
"""


def check_place(con: psycopg.Connection, schemas: list[str]) -> None:
    """Make sure that replacing the schemas destroys nothing of anybody else.

    Raises:
        ServeError: a schema of that name is not ours, or a view elsewhere stands on one of ours.
    """
    found = dict(con.execute(_SCHEMAS, [MARK]).fetchall())
    strange = [schema for schema in schemas if schema in found and not found[schema]]
    if strange:
        raise ServeError(
            f"The database {con.info.dbname} has schemas {', '.join(strange)} that no load has made, expected none of"
            " these names. Rename them, or name another database in PERENNIAL_SERVE_URL."
        )
    ours = [schema for schema, is_ours in found.items() if is_ours]
    views = [row[0] for row in con.execute(_DEPENDENTS, {"ours": ours}).fetchall()]
    if views:
        raise ServeError(
            f"These views stand on tables that each load replaces: {', '.join(views)}. Nothing was loaded. Drop them"
            " and keep the query in the BI tool, in a model of dbt_project, or in a table of its own."
        )


def drop_leftovers(con: psycopg.Connection, live: tuple[str, ...]) -> None:
    """Drop our schemas that are not live: those of before, and what a killed load has left.

    One that is still read, or on which something stands that is not ours, stays until the next load.
    """
    found = con.execute(_SCHEMAS, [MARK]).fetchall()
    for schema in [name for name, is_ours in found if is_ours and name not in live]:
        try:
            with con.transaction():
                con.execute(f"set local lock_timeout = '{ATTEMPT}'")
                if tables := _tables(con, [schema]):
                    con.execute(sql.SQL("drop table {}").format(tables))
                con.execute(sql.SQL("drop schema {}").format(sql.Identifier(schema)))
        except (*BUSY, psycopg.errors.DependentObjectsStillExist):
            continue


def swap(con: psycopg.Connection, names: dict[str, str], gone: tuple[str, ...], load_id: str) -> None:
    """Rename the old schemas away and the new ones to their place, in one transaction.

    A statement finds its tables one after the other. So that none finds one of the old build and one of the new, the
    renaming happens while nobody reads the old tables. Someone who holds them for longer than a minute, by a long query
    or a transaction left open, is passed by: that statement goes on with the old tables.

    Args:
        con: where.
        names: live schema -> what the new one is called by now.
        gone: schemas that are not served any longer.
        load_id: tells the old schemas of this load from others.
    """
    deadline = time.monotonic() + READERS_SECONDS
    while True:
        alone = time.monotonic() < deadline
        try:
            with con.transaction():
                old = [row[0] for row in con.execute(_SCHEMAS, [MARK]).fetchall() if row[1]]
                if alone:
                    _lock(con, [schema for schema in (*names, *gone) if schema in old])
                _rename(con, names, gone, old, load_id)
            return
        except BUSY:
            time.sleep(PAUSE_SECONDS)


def _lock(con: psycopg.Connection, schemas: list[str]) -> None:
    if tables := _tables(con, schemas):
        con.execute(f"set local statement_timeout = '{ATTEMPT}'")
        con.execute(sql.SQL("lock table {} in access exclusive mode").format(tables))
        con.execute("set local statement_timeout = 0")


def _tables(con: psycopg.Connection, schemas: list[str]) -> sql.Composed | None:
    query = "select schemaname, tablename from pg_tables where schemaname = any(%s)"
    names = [sql.Identifier(*row) for row in con.execute(query, [schemas]).fetchall()]
    return sql.SQL(", ").join(names) if names else None


def _rename(
    con: psycopg.Connection, names: dict[str, str], gone: tuple[str, ...], old: list[str], load_id: str
) -> None:
    rename = sql.SQL("alter schema {} rename to {}")
    for schema in (*names, *gone):
        if schema in old:
            con.execute(rename.format(sql.Identifier(schema), sql.Identifier(f"{schema}_old_{load_id}")))
    for schema, name in names.items():
        con.execute(rename.format(sql.Identifier(name), sql.Identifier(schema)))
        for role in readers(schema):
            con.execute(sql.SQL("grant usage on schema {} to {}").format(sql.Identifier(schema), sql.Identifier(role)))

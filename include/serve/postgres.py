"""The PostgreSQL that serves: its address, the right to change it, and who may read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from include.serve.errors import ServeError, ServeUnset
from include.settings import Settings

BI_ROLE, CONTACTS_ROLE = "perennial_bi", "perennial_contacts"
# Any number will do as long as every load uses the same.
LOAD_LOCK = 7_301_995
WAIT_FOR_OTHER_LOAD = "30min"
CONNECT_SECONDS = 10
OLDEST_VERSION = 150_000  # of the server: since then an index can take NULL for a value


def address(settings: Settings) -> str:
    """Give the URL as libpq reads it.

    Raises:
        ServeUnset: PERENNIAL_SERVE_URL is not set.
        ServeError: it is no PostgreSQL URL.
    """
    return _url(settings).set(drivername="postgresql").render_as_string(hide_password=False)


def _url(settings: Settings) -> URL:
    if settings.serve_url is None or not settings.serve_url.get_secret_value():
        raise ServeUnset(
            "PERENNIAL_SERVE_URL is not set, expected postgresql://user:password@host:5432/database: a database whose"
            " user may create schemas. See docs/connect.md."
        )
    try:
        url = make_url(settings.serve_url.get_secret_value())
    except ArgumentError:
        raise ServeError(
            "PERENNIAL_SERVE_URL cannot be read, expected postgresql://user:password@host:5432/database."
        ) from None
    if url.get_backend_name() != "postgresql":
        raise ServeError(f"PERENNIAL_SERVE_URL is a {url.get_backend_name()} URL, expected postgresql://….")
    return url


@contextmanager
def locked(settings: Settings) -> Iterator[psycopg.Connection]:
    """Connect, and be the only one who loads; another load is waited for.

    Yields:
        A connection without a transaction of its own: `with con.transaction()` opens one.

    Raises:
        ServeError: nobody answers, the server is too old, or another load goes on for half an hour.
    """
    place = _url(settings).render_as_string(hide_password=True)
    try:
        con = psycopg.connect(address(settings), autocommit=True, connect_timeout=CONNECT_SECONDS)
    except psycopg.OperationalError as error:
        raise ServeError(f"{place} cannot be opened: {error}. Check PERENNIAL_SERVE_URL.") from None
    with con:
        if con.info.server_version < OLDEST_VERSION:
            raise ServeError(f"{place} is PostgreSQL {con.info.server_version // 10_000}, expected 15 or newer.")
        con.execute(f"set lock_timeout = '{WAIT_FOR_OTHER_LOAD}'")
        try:
            con.execute("select pg_advisory_lock(%s)", [LOAD_LOCK])
        except psycopg.errors.LockNotAvailable:
            raise ServeError(
                f"Another load into {place} has not ended within {WAIT_FOR_OTHER_LOAD}. Look for it in"
                " pg_stat_activity, end it, and try again."
            ) from None
        con.execute("set lock_timeout = default")
        yield con


def make_role(con: psycopg.Connection, role: str) -> None:
    """Make a role that reads and nothing else, without a password, unless it is there.

    Raises:
        ServeError: it is missing, and this user may not create it.
    """
    if con.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
        return
    name = sql.Identifier(role)
    try:
        with con.transaction():
            con.execute(sql.SQL("create role {} login").format(name))
            con.execute(sql.SQL("alter role {} set default_transaction_read_only = on").format(name))
    except psycopg.errors.InsufficientPrivilege:
        raise ServeError(
            f"There is no role {role}, and {con.info.user} may not create it; let an administrator run:"
            f" create role {role} login; alter role {role} set default_transaction_read_only = on;"
        ) from None


def readers(schema: str) -> tuple[str, ...]:
    """Name the roles that may read a schema."""
    return (CONTACTS_ROLE,) if schema == "contacts" else (BI_ROLE,)

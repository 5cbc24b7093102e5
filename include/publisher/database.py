"""Opens the ledger's database: SQLite or PostgreSQL, through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    and_,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import OperationalError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random

from include.publisher.errors import LedgerError
from include.publisher.schema import upgrade

if TYPE_CHECKING:
    from include.settings import Settings

SQLITE_WAIT_MS = 60_000
# Any number will do as long as every publisher uses the same.
POSTGRES_SETUP_LOCK = 7_301_994


@dataclass(frozen=True)
class Pair:
    """An audience at a destination: the unit that is planned, claimed, sent and approved."""

    audience: str
    destination: str

    def __str__(self) -> str:
        return f"{self.audience} -> {self.destination}"


def of_pair(table: Table, pair: Pair) -> ColumnElement[bool]:
    """Restrict a table to a pair's rows."""
    return and_(table.c.destination == pair.destination, table.c.audience == pair.audience)


@dataclass(frozen=True)
class Database:
    """The ledger's engine with its two kinds of transaction."""

    engine: Engine

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that writes; on SQLite it takes the write lock at once, so it cannot fail half-way."""
        with self.engine.connect().execution_options(perennial_writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads and blocks nobody."""
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Release the connections."""
        self.engine.dispose()


def open_database(settings: Settings) -> Database:
    """Open the ledger, making its tables on the first call.

    Raises:
        LedgerError: the URL cannot be used, nobody answers, or a newer version of Perennial made the tables.
    """
    url = make_url(settings.ledger)
    backend = url.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise LedgerError(f"PERENNIAL_LEDGER_URL is a {backend} URL; expected sqlite:///… or postgresql+psycopg://….")
    if backend == "sqlite" and url.database:
        folder = Path(url.database).parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Parameters hold customer_keys and hashes; neither belongs in an error text.
    engine = create_engine(url, hide_parameters=True)
    if backend == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    database = Database(engine)
    try:
        _prepare_tables(database)
    except OperationalError as error:
        place = url.render_as_string(hide_password=True)
        raise LedgerError(f"The ledger {place} cannot be opened: {error.orig}. Check PERENNIAL_LEDGER_URL.") from error
    return database


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN comes too late and is deferred; the listener below sends ours.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"pragma busy_timeout = {SQLITE_WAIT_MS}")
    cursor.execute("pragma journal_mode = wal")
    # A confirmed batch must survive a power cut.
    cursor.execute("pragma synchronous = full")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("perennial_writes")
    connection.exec_driver_sql("begin immediate" if writes else "begin")


# Two first starts at once meet on the change to WAL, for which SQLite does not wait.
@retry(
    retry=retry_if_exception_type(OperationalError), stop=stop_after_delay(5), wait=wait_random(0, 0.3), reraise=True
)
def _prepare_tables(database: Database) -> None:
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": POSTGRES_SETUP_LOCK})
        upgrade(connection)

"""Brings the ledger's tables to the version this Perennial knows; the steps lie in migrations/versions."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from include.publisher.errors import LedgerError

HEAD = "0002"
MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection, target: str = HEAD) -> None:
    """Run the migrations that are missing, in the transaction of the connection.

    Raises:
        LedgerError: the tables are of a version this Perennial does not know.
    """
    found = _version(connection)
    if found == target:
        return
    # Alembic costs a tenth of a second to import; a ledger that is up to date needs none of it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        if found is not None:
            ScriptDirectory.from_config(config).get_revision(found)
        elif inspect(connection).has_table("ledger_schema_version"):
            command.stamp(config, "0001")
            connection.execute(text("drop table ledger_schema_version"))
        command.upgrade(config, target)
    except CommandError as error:
        raise LedgerError(
            f"The ledger has schema version {found}, this Perennial knows up to {HEAD}. Install the version that made "
            "it, or point PERENNIAL_LEDGER_URL at another database."
        ) from error


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()

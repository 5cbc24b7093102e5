"""A destination's credentials: an Airflow connection, whether the publisher runs as a task or from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from include.destinations.base import DestinationRefused


@dataclass(frozen=True)
class Credentials:
    """What an Airflow connection holds; secrets are in no repr.

    Attributes:
        host: base address when it is not the vendor's usual one; None otherwise.
        login: user, account or app id.
        password: key, token or secret.
        schema: the connection's schema: of a PostgreSQL, its database.
        extra: the connection's extra JSON.
    """

    connection: str
    host: str | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    schema: str | None = None

    def secret(self) -> str:
        """Return the password.

        Raises:
            DestinationRefused: the connection has none.
        """
        if not self.password:
            raise DestinationRefused(f"The Airflow connection '{self.connection}' has no password, expected the key.")
        return self.password


def find_credentials(connection: str) -> Credentials | None:
    """Read an Airflow connection from Airflow's own secret backends: the variable AIRFLOW_CONN_<ID> first.

    Args:
        connection: its id.

    Returns:
        None when no backend knows it.
    """
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found = Connection.get(connection)
    except AirflowNotFoundException:
        return None
    host = found.host or None
    if host and "://" not in host:
        host = f"{found.schema or 'https'}://{host}" + (f":{found.port}" if found.port else "")
    return Credentials(
        connection, host, found.login or None, found.password or None, found.extra_dejson, found.schema or None
    )


def credentials(connection: str) -> Credentials:
    """Read an Airflow connection.

    Raises:
        DestinationRefused: it is not defined.
    """
    found = find_credentials(connection)
    if found is None:
        raise DestinationRefused(
            f"The Airflow connection '{connection}' is not defined; add it in Airflow or as "
            f"AIRFLOW_CONN_{connection.upper()}."
        )
    return found


def missing_connection(connection: str) -> str | None:
    """Name the connection when it is not defined: a destination without credentials is off."""
    return None if find_credentials(connection) else f"the Airflow connection '{connection}'"

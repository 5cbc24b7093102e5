"""The copy in PostgreSQL as a task."""

from __future__ import annotations

from airflow.sdk.exceptions import AirflowSkipException


def copy() -> str:
    """Copy the live warehouse; say how much.

    Raises:
        AirflowSkipException: no PostgreSQL is named.
    """
    from include.serve.errors import ServeUnset
    from include.serve.serve import serve
    from include.settings import get_settings

    try:
        return str(serve(get_settings()))
    except ServeUnset as unset:
        raise AirflowSkipException(str(unset)) from None

"""Which failures are worth another try: a network's are, a bad file's are not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowFailException


@contextmanager
def final(*errors: type[Exception]) -> Iterator[None]:
    """Fail the task at once on these errors: the same input would only fail again, later."""
    try:
        yield
    except errors as error:
        raise AirflowFailException(f"{type(error).__name__}: {error}") from error

"""What can go wrong while the live warehouse is copied to PostgreSQL."""

from __future__ import annotations


class ServeError(RuntimeError):
    """The copy cannot be made or replaced; what was served before is as it was."""


class ServeUnset(ServeError):
    """No PostgreSQL is named, so nothing is served."""

"""Where the files of the destination `files` lie: what every place can do, and a folder of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

Content = Path | bytes
"""A file to read: where it lies on this machine, or what is in it."""


class Store(Protocol):
    """A place for files. Names are relative, with slashes: `loyal.csv`, `changes/loyal/monday.csv`."""

    def writing(self, name: str) -> AbstractContextManager[BinaryIO]:
        """Open a file that takes the name's place when the block ends well, and leaves no trace when it does not.

        Raises:
            DestinationUnavailable, DestinationRefused: as `Destination.send`, when the block ends.
        """
        ...

    def read(self, name: str) -> Content | None:
        """Return a file, None when there is none."""
        ...

    def close(self) -> None:
        """Release what is held."""
        ...


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes `path`'s place when the block ends well, and leaves no trace when it does not.

    The bytes are on disk before the name changes, so a crash leaves the old file or the new one.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    aside.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _sync_folder(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine."""

    folder: Path

    def writing(self, name: str) -> AbstractContextManager[BinaryIO]:
        """See `Store.writing`."""
        return replacing(self.folder / name)

    def read(self, name: str) -> Path | None:
        """See `Store.read`."""
        path = self.folder / name
        return path if path.exists() else None

    def close(self) -> None:
        """Nothing is held."""

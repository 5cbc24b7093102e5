"""Pages by place: what a vendor that is asked for page 7, or for what follows the first 600, answers out of a Store."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime

from include.demo.apis.store import Row, Store

# Rows read ahead: a reader goes from place to place.
BLOCK = 20_000
Asked = tuple[str, datetime | None, datetime | None]
"""Resource, and the bounds [since, until) of the last change."""


class Places:
    """The places of a store's records, in the order of their ids as text."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids: dict[Asked, list[str]] = {}
        self._blocks: dict[str, tuple[Asked, int, list[Row]]] = {}

    def forget(self) -> None:
        """Count anew: the store holds something else now."""
        self._ids.clear()
        self._blocks.clear()

    def ids(self, asked: Asked) -> list[str]:
        """List all ids, once."""
        if asked not in self._ids:
            self._ids[asked] = self._store.ids(asked[0], since=asked[1], until=asked[2])
        return self._ids[asked]

    def has(self, resource: str, name: str) -> bool:
        """Say whether there is a record."""
        ids = self.ids((resource, None, None))
        place = bisect_left(ids, name)
        return ids[place : place + 1] == [name]

    def rows(self, asked: Asked, place: int, size: int) -> list[Row]:
        """Return up to `size` records from a place on, 0 being the first."""
        ids = self.ids(asked)
        size = min(size, len(ids) - place)
        if size <= 0:
            return []
        held, start, rows = self._blocks.get(asked[0], (None, 0, []))
        if held != asked or not start <= place or place + size > start + len(rows):
            before = Row(ids[place - 1], datetime.min, "") if place else None  # noqa: DTZ901
            resource, since, until = asked
            rows = self._store.page(resource, BLOCK, after=before, since=since, until=until, by_id=True)
            start, self._blocks[resource] = place, (asked, place, rows)
        return rows[place - start : place - start + size]


def padded(number: int, parent: int | None = None) -> str:
    """Write an id so that ids sort as numbers do."""
    return f"{number:012d}" if parent is None else f"{parent:012d}-{number:012d}"

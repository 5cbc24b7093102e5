"""The records of a stand-in that is read from, kept by DuckDB in memory as the JSON texts that it answers with."""

from __future__ import annotations

import json
import threading
from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb


@dataclass(frozen=True)
class Row:
    """One record: its id, the naive UTC moment of its last change, and its JSON text."""

    id: str
    changed_at: datetime
    payload: str


# Pages read at once: DuckDB takes as long for one as for many.
PAGES_AHEAD = 20
TEXTS_KEPT = 100_000


@dataclass(frozen=True)
class _Block:
    """Rows that follow a place in a listing; complete = none come after them."""

    after: tuple[Any, ...] | None
    rows: list[Row]
    is_complete: bool


class Store:
    """Records by resource. A page is asked for by the last row of the page before, so any page costs the same."""

    def __init__(self) -> None:
        self._con = duckdb.connect()
        self._con.execute(
            "create table records (resource varchar, id varchar, changed_at timestamp, payload varchar,"
            " primary key (resource, id))"
        )
        self._lock = threading.RLock()
        self._blocks: dict[tuple[Any, ...], _Block] = {}
        self._texts: dict[tuple[str, str], str] = {}

    def fill(self, resource: str, query: str) -> int:
        """Add what a DuckDB query gives: columns id, changed_at (naive UTC), payload (JSON); return how many."""
        with self._lock:
            self._forget()
            self._con.execute(
                f"insert or replace into records select '{resource}', cast(id as varchar), changed_at,"
                f" cast(payload as varchar) from ({query})"
            )
            return self.count(resource)

    def put(self, resource: str, record_id: str, changed_at: datetime, record: Mapping[str, Any]) -> None:
        """Add or replace one record."""
        with self._lock:
            self._forget()
            self._con.execute(
                "insert or replace into records values (?, ?, ?, ?)",
                [resource, record_id, changed_at, json.dumps(record)],
            )

    def get(self, resource: str, record_id: str) -> dict[str, Any] | None:
        """Return one record."""
        with self._lock:
            found = self._con.execute(
                "select payload from records where resource = ? and id = ?", [resource, record_id]
            ).fetchall()
        return json.loads(found[0][0]) if found else None

    def many(self, resource: str, ids: Collection[str]) -> list[str]:
        """Return the JSON texts of those of the records that are there, in the order of id."""
        with self._lock:
            unknown = [one for one in ids if (resource, one) not in self._texts]
            if len(self._texts) + len(unknown) > TEXTS_KEPT:
                self._texts, unknown = {}, list(ids)
            if unknown:
                rows = self._con.execute(
                    "select id, payload from records where resource = ? and id in (select unnest(?::varchar[]))",
                    [resource, unknown],
                ).fetchall()
                self._texts |= {(resource, record_id): payload for record_id, payload in rows}
            return [self._texts[resource, one] for one in sorted(ids) if (resource, one) in self._texts]

    def remove(self, resource: str, record_id: str) -> None:
        """Take a record out."""
        with self._lock:
            self._forget()
            self._con.execute("delete from records where resource = ? and id = ?", [resource, record_id])

    def count(self, resource: str, since: datetime | None = None, until: datetime | None = None) -> int:
        """Count the records changed in [since, until)."""
        with self._lock:
            return self._con.execute(
                "select count(*) from records where resource = ? and (changed_at >= ? or ? is null)"
                " and (changed_at < ? or ? is null)",
                [resource, since, since, until, until],
            ).fetchall()[0][0]

    def ids(self, resource: str, *, since: datetime | None = None, until: datetime | None = None) -> list[str]:
        """Return the ids of the records changed in [since, until), sorted."""
        with self._lock:
            rows = self._con.execute(
                "select id from records where resource = $resource and (changed_at >= $since or $since is null)"
                " and (changed_at < $until or $until is null) order by id",
                {"resource": resource, "since": since, "until": until},
            ).fetchall()
        return [row[0] for row in rows]

    def page(
        self,
        resource: str,
        limit: int,
        *,
        after: Row | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        by_id: bool = False,
    ) -> list[Row]:
        """Return the next records changed in [since, until), in the order of (changed_at, id), or of id alone."""
        listing = (resource, since, until, by_id)
        place = None if after is None else _place(after, by_id)
        with self._lock:
            block = self._blocks.get(listing)
            if block and (block.after is None or (place is not None and place >= block.after)):
                start = 0 if place is None else bisect_right(block.rows, place, key=lambda row: _place(row, by_id))
                if block.is_complete or len(block.rows) - start >= limit:
                    return block.rows[start : start + limit]
            rows = self._rows(listing, after, limit * PAGES_AHEAD)
            self._blocks[listing] = _Block(place, rows, len(rows) < limit * PAGES_AHEAD)
            return rows[:limit]

    def _rows(self, listing: tuple[Any, ...], after: Row | None, limit: int) -> list[Row]:
        resource, since, until, by_id = listing
        place = "id > $id" if by_id else "changed_at >= $changed_at and (changed_at, id) > ($changed_at, $id)"
        order = "id" if by_id else "changed_at, id"
        given: dict[str, Any] = {"resource": resource, "since": since, "until": until, "limit": limit}
        if after:
            given |= {"id": after.id} | ({} if by_id else {"changed_at": after.changed_at})
        rows = self._con.execute(
            "select id, changed_at, payload from records where resource = $resource"
            " and (changed_at >= $since or $since is null) and (changed_at < $until or $until is null)"
            f"{f' and {place}' if after else ''} order by {order} limit $limit",
            given,
        ).fetchall()
        return [Row(*row) for row in rows]

    def _forget(self) -> None:
        """Forget what was read ahead, because a record changes."""
        self._blocks, self._texts = {}, {}


def _place(row: Row, by_id: bool) -> tuple[Any, ...]:
    return (row.id,) if by_id else (row.changed_at, row.id)

"""A stand-in for a retailCRM account that is read from: lists, history, references. Nothing can be changed through it.

Answers have the shapes of the vendor's recorded ones.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.demo.apis.places import Places, padded
from include.demo.apis.store import Store
from include.demo.tools.base import Answer, Request, route
from include.demo.tools.retailcrm import PAGES, Crm, pages, refused

MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")
# The address of each list, and what its records are called in the answer.
LISTS = {
    "orders": "orders",
    "customers": "customers",
    "store/products": "products",
    "store/product-groups": "productGroup",
}
STATUSES = {
    "new": "new",
    "prepayed": "approval",
    "delivering": "delivery",
    "complete": "complete",
    "cancel-other": "cancel",
}


@dataclass(frozen=True)
class Change:
    """An entry of the history; `at` is in the account's own zone."""

    id: int
    at: str
    record_id: int
    deleted: bool = False


class RetailcrmApi(Crm):
    """The server.

    Attributes:
        store: records by the address of their list; ids are padded with zeros.
        history: of orders and of customers, by id.
        statuses: code of each status -> its group.
        time_zone: the account's.
    """

    def __init__(self, key: str = "key of the stand-in", time_zone: str = "Europe/Moscow") -> None:
        super().__init__(key)
        self.store = Store()
        self.history: dict[str, list[Change]] = defaultdict(list)
        self.statuses = dict(STATUSES)
        self.time_zone = time_zone
        self._places = Places(self.store)

    def put(self, resource: str, record: dict[str, Any], at: str | None = None) -> None:
        """Add or replace a record, and note it in the history when `at` says when."""
        self.store.put(resource, padded(record["id"]), datetime(2000, 1, 1), record)  # noqa: DTZ001
        self._places.forget()
        if at:
            self.note(resource, record["id"], at)

    def delete(self, resource: str, number: int, at: str) -> None:
        """Delete a record."""
        self.store.remove(resource, padded(number))
        self._places.forget()
        self.note(resource, number, at, deleted=True)

    def note(self, resource: str, number: int, at: str, *, deleted: bool = False) -> None:
        """Add an entry to the history."""
        entries = self.history[resource]
        entries.append(Change(entries[-1].id + 1 if entries else 1, at, number, deleted))

    def filled(self) -> None:
        """Count anew: the store was filled past this class."""
        self._places.forget()

    @route("GET", r"/api/v5/(orders|customers|store/products|store/product-groups)")
    def _list(self, request: Request) -> Answer:
        query, resource = request.query, request.parts[0]
        size, page = int(query.get("limit", 20)), int(query.get("page", 1))
        if size not in PAGES:
            return refused(400, "Errors in the input parameters", {"limit": "The value is not a valid choice."})
        wanted = sorted(int(value) for name, value in query.items() if name.startswith("filter[ids]"))
        if wanted:
            found = [self.store.get(resource, padded(number)) for number in wanted]
            records = [record for record in found if record is not None]
            return _answer(LISTS[resource], records, pages(len(records), size))
        asked = (resource, None, None)
        rows = self._places.rows(asked, size * (page - 1), size)
        total = pages(len(self._places.ids(asked)), size, page)
        # The records are kept as the JSON they are answered as.
        head = f'{{"success":true,"pagination":{_json(total)},"{LISTS[resource]}":['
        return Answer(200, f"{head}{','.join(row.payload for row in rows)}]}}".encode())

    @route("GET", r"/api/v5/(orders|customers)/history")
    def _history(self, request: Request) -> Answer:
        query, resource = request.query, request.parts[0]
        size = int(query.get("limit", 20))
        since = query.get("filter[sinceId]")
        if since and "page" in query:
            return refused(400, "Use the shift of the filter[sinceId] instead of page parameter")
        start, end = query.get("filter[startDate]", ""), query.get("filter[endDate]", "9999")
        if size not in PAGES or not all(MOMENT.fullmatch(text) for text in (start, end) if text not in ("", "9999")):
            return refused(400, "Errors in the input parameters")
        entries = self.history[resource]
        first = bisect_right(entries, int(since or 0), key=lambda entry: entry.id)
        left = [entry for entry in entries[first:] if start <= entry.at <= end]
        shown = [_shown(entry, resource.removesuffix("s")) for entry in left[:size]]
        return _answer("history", shown, pages(len(left), size))

    @route("GET", r"/api/v5/reference/statuses")
    def _statuses(self, request: Request) -> Answer:
        shown = {
            code: {"name": code, "code": code, "active": True, "group": self.statuses[code]} for code in self.statuses
        }
        return Answer(200, {"success": True, "statuses": shown})

    @route("GET", r"/api/v5/settings")
    def _settings(self, request: Request) -> Answer:
        return Answer(200, {"success": True, "settings": {"timezone": {"value": self.time_zone}}})


def _shown(entry: Change, kind: str) -> dict[str, Any]:
    value = {"oldValue": entry.record_id, "newValue": None} if entry.deleted else {"oldValue": None, "newValue": 1}
    found = {"id": entry.id, "createdAt": entry.at, "source": "api", "field": "id" if entry.deleted else "status"}
    return found | value | ({"deleted": True} if entry.deleted else {}) | {kind: {"id": entry.record_id}}


def _answer(name: str, records: list[dict[str, Any]], total: dict[str, int]) -> Answer:
    return Answer(200, {"success": True, "generatedAt": "2026-01-01 00:00:00", "pagination": total, name: records})


def _json(total: dict[str, int]) -> str:
    return "{" + ",".join(f'"{name}":{value}' for name, value in total.items()) + "}"

"""What the stand-in for Shopify holds, and what its API says of it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from include.demo.apis import shopify_records as records
from include.demo.apis.store import Row, Store

NEEDS = {
    "orders": "read_orders",
    "abandonedCheckouts": "read_orders",
    "customers": "read_customers",
    "products": "read_products",
}
ALL_SCOPES = frozenset({"read_orders", "read_all_orders", "read_customers", "read_products", "read_inventory"})
MOST_PAGED, REST, EVERYTHING = 25_000, 100, 100_000_000
SEEN_WITHOUT_ALL_ORDERS = timedelta(days=60)
SPAN = re.compile(r"(?:updated|created)_at:(>=|<)'([^']+)'")
Json = dict[str, Any]
Given = Mapping[str, Any]


class GraphqlError(Exception):
    """An error inside an answer of status 200."""

    def __init__(self, message: str, code: str | None = None, **extensions: Any) -> None:
        super().__init__(message)
        self.code, self.extensions = code, extensions


@dataclass
class Event:
    """Something that happened to a record; `at` is naive UTC."""

    action: str
    subject_type: str
    subject_id: str
    at: datetime


@dataclass
class Bulk:
    """A bulk operation: `looks` is how often it is still called running."""

    looks: int
    root: str
    since: datetime | None
    until: datetime | None
    content: bytes | None = None


class Shop:
    """The records of a shop.

    Attributes:
        scopes: of the app. Without read_all_orders no order of more than 60 days before `today` is shown.
        today: naive UTC.
        generation: cursors of another generation are invalid.
        bulk_looks: how often a bulk operation is still running when looked at.
        bulk_busy: how often a new bulk operation is refused because others run.
        bulk_error: why bulk operations fail.
        events: what happened.
    """

    def __init__(self) -> None:
        self.scopes: set[str] = set(ALL_SCOPES)
        self.today = datetime.now(UTC).replace(tzinfo=None)
        self.generation = 1
        self.bulk_looks, self.bulk_busy, self.bulk_error = 0, 0, ""
        self.events: list[Event] = []
        self._store = Store()
        self._long: set[str] = set()
        self._bulks: list[Bulk] = []
        self._refunds: dict[str, Json] | None = None

    def fill(self, root: str, query: str) -> int:
        """Add what a DuckDB query gives: id, changed_at (naive UTC), payload as a page shows it; return how many."""
        self._refunds = None
        return self._store.fill(root, query)

    def put(self, root: str, record: Mapping[str, Any]) -> None:
        """Add or replace a record; its connections hold their nodes only."""
        shown = records.with_page_info(record)
        changed = datetime.fromisoformat(record["updatedAt"]).astimezone(UTC).replace(tzinfo=None)
        (self._long.add if records.is_long(root, shown) else self._long.discard)(record["id"])
        self._refunds = None
        self._store.put(root, record["id"], changed, shown)

    def delete(self, root: str, record_id: str, at: datetime) -> None:
        """Delete a record; what is left is an event."""
        self._refunds = None
        self._store.remove(root, record_id)
        self.events.append(Event("destroy", record_id.split("/")[3].upper(), record_id, at))

    def page(self, root: str, given: Given) -> bytes:
        """Return a page of records."""
        self._need(root)
        since, until = span(given.get("query"))
        after, shown = self._place(given.get("after"))
        first = int(given["first"])
        if shown + first > MOST_PAGED:
            raise GraphqlError(f"Pagination is limited to {MOST_PAGED} objects", "BAD_REQUEST")
        by_id = root == "abandonedCheckouts"
        found = self._store.page(root, first + 1, after=after, since=since, until=until, by_id=by_id)
        rows, more = found[:first], len(found) > first
        cursor = json.dumps(self._cursor(rows[-1], shown + first)) if more else "null"
        payloads = [self._shown(root, row) for row in rows if self._is_visible(root, row.payload)]
        page = f'"pageInfo":{{"hasNextPage":{str(more).lower()},"endCursor":{cursor}}}'
        return f'{{"{root}":{{"nodes":[{",".join(payloads)}],{page}}}}}'.encode()

    def count(self, root: str, given: Given) -> Json:
        """Count records, to a limit."""
        self._need(root)
        since, until = span(given.get("query"))
        count, limit = self._store.count(root, since, until), given.get("limit") or 10_000
        precision = "AT_LEAST" if count > limit else "EXACT"
        return {f"{root}Count": {"count": min(count, limit), "precision": precision}}

    def rest(self, parent: str, connection: str, given: Given) -> Json:
        """Return a further page of a record's connection."""
        found = self._find(parent, given["id"])
        if found is None:
            return {"node": None}
        nodes, start = found[connection]["nodes"], int(given["after"])
        page = records.page_info(start + REST < len(nodes), start + REST)
        return {"node": {"id": given["id"], connection: {"nodes": nodes[start : start + REST], "pageInfo": page}}}

    def refunds(self, given: Given) -> Json:
        """Return refunds by their ids."""
        found = [self._find("Refund", one) for one in given["ids"]]
        return {"nodes": [one and records.cut_refund(one) for one in found]}

    def refunds_of_order(self, given: Given) -> Json:
        """Return all refunds of an order, without their connections."""
        found = self._store.get("orders", given["id"])
        return {"order": found and {"refunds": [records.bare_refund(one) for one in found["refunds"]]}}

    def deletions(self, given: Given) -> Json:
        """Return events."""
        since, until = span(given["query"])
        kind = re.search(r"subject_type:(\w+)", given["query"])
        found = [
            {
                "id": f"gid://shopify/BasicEvent/{number}",
                "action": one.action,
                "createdAt": f"{one.at:%Y-%m-%dT%H:%M:%SZ}",
            }
            | {"subjectId": one.subject_id, "subjectType": one.subject_type}
            for number, one in sorted(enumerate(self.events, start=1), key=lambda pair: pair[1].at)
            if kind
            and one.subject_type == kind[1]
            and (since or one.at) <= one.at
            and (until is None or one.at < until)
        ]
        start, end = int(given.get("after") or 0), int(given.get("after") or 0) + given["first"]
        return {"events": {"nodes": found[start:end], "pageInfo": records.page_info(end < len(found), end)}}

    def app_scopes(self, given: Given) -> Json:
        """Return the scopes of the app."""
        return {"currentAppInstallation": {"accessScopes": [{"handle": one} for one in sorted(self.scopes)]}}

    def run_bulk(self, given: Given) -> Json:
        """Start a bulk operation."""
        root = re.match(r"\{ (\w+)\(", given["query"])
        problem = ("LIMIT_REACHED", "Bulk operations limit reached.") if self.bulk_busy else None
        problem = ("INVALID", "A bulk operation reads one list.") if root is None else problem
        if problem or root is None:
            self.bulk_busy = max(0, self.bulk_busy - 1)
            error = {"code": problem and problem[0], "field": None, "message": problem and problem[1]}
            return {"bulkOperationRunQuery": {"bulkOperation": None, "userErrors": [error]}}
        self._bulks.append(Bulk(self.bulk_looks, root[1], *span(given["query"])))
        operation = {"id": f"gid://shopify/BulkOperation/{len(self._bulks)}", "status": "CREATED"}
        return {"bulkOperationRunQuery": {"bulkOperation": operation, "userErrors": []}}

    def bulk(self, given: Given, url: str) -> Json:
        """Return what has become of a bulk operation; its file lies below `url`."""
        number = int(given["id"].rsplit("/", 1)[1])
        bulk = self._bulks[number - 1]
        found = {"id": given["id"], "status": "RUNNING", "errorCode": None, "objectCount": "0"}
        found |= {"fileSize": None, "url": None}
        bulk.looks -= 1
        if bulk.looks >= 0:
            return {"bulkOperation": found}
        if self.bulk_error:
            return {"bulkOperation": found | {"status": "FAILED", "errorCode": self.bulk_error}}
        content = self.bulk_content(number)
        if content:
            found |= {"url": f"{url}/bulk/{number}.jsonl?signature=abc", "fileSize": str(len(content))}
        return {"bulkOperation": found | {"status": "COMPLETED", "objectCount": str(content.count(b"\n"))}}

    def bulk_content(self, number: int) -> bytes:
        """Return the file of a bulk operation."""
        bulk = self._bulks[number - 1]
        if bulk.content is None:
            rows = self._store.page(bulk.root, EVERYTHING, since=bulk.since, until=bulk.until)
            shown = (row.payload for row in rows if self._is_visible(bulk.root, row.payload))
            bulk.content = records.bulk_file(bulk.root, shown)
        return bulk.content

    def _need(self, root: str) -> None:
        scope = NEEDS[root]
        if scope not in self.scopes:
            needed = f"`{scope}` access scope."
            message = f"Access denied for {root} field. Required access: {needed}"
            raise GraphqlError(message, "ACCESS_DENIED", requiredAccess=needed)

    def _shown(self, root: str, row: Row) -> str:
        return json.dumps(records.cut(root, json.loads(row.payload))) if row.id in self._long else row.payload

    def _is_visible(self, root: str, payload: str) -> bool:
        if root != "orders" or "read_all_orders" in self.scopes:
            return True
        created = datetime.fromisoformat(json.loads(payload)["createdAt"]).replace(tzinfo=None)
        return created >= self.today - SEEN_WITHOUT_ALL_ORDERS

    def _cursor(self, row: Row, shown: int) -> str:
        place = [self.generation, shown, row.changed_at.isoformat(), row.id]
        return base64.b64encode(json.dumps(place).encode()).decode()

    def _place(self, cursor: str | None) -> tuple[Row | None, int]:
        if cursor is None:
            return None, 0
        generation, shown, changed, record_id = json.loads(base64.b64decode(cursor))
        if generation != self.generation:
            raise GraphqlError("Invalid cursor for current pagination sort.")
        return Row(record_id, datetime.fromisoformat(changed), ""), shown

    def _find(self, parent: str, record_id: str) -> Json | None:
        if parent != "Refund":
            return self._store.get(records.ROOTS[parent], record_id)
        if self._refunds is None:
            payloads = (row.payload for row in self._store.page("orders", EVERYTHING))
            orders = (json.loads(payload) for payload in payloads if '"refunds":[]' not in payload)
            self._refunds = {one["id"]: one for order in orders for one in order["refunds"]}
        return self._refunds.get(record_id)


def span(query: str | None) -> tuple[datetime | None, datetime | None]:
    """Return since and until of a search, naive UTC."""
    found = {sign: datetime.fromisoformat(text).replace(tzinfo=None) for sign, text in SPAN.findall(query or "")}
    return found.get(">="), found.get("<")

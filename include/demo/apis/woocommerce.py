"""A stand-in for a WooCommerce shop: the lists of wc/v3 that are read, as WordPress answers them.

Amounts are answered as they were put in, whatever `dp` asks for. Hosts limit requests, WooCommerce itself does not.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect
from datetime import datetime, timedelta
from typing import Any

from include.demo.apis.places import Places, padded
from include.demo.apis.store import Row, Store
from include.demo.tools.base import Answer, Request, Tool, route
from include.demo.tools.gate import Gate

API = r"/wp-json/wc/v3"
TRASH = "/trash"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
LISTS = "orders|products|customers|products/categories"


class WooCommerceApi(Tool):
    """The server.

    Attributes:
        key, secret: what HTTP basic must bring.
        store: records by resource; ids are padded with zeros, so that their order as text is that of numbers.
        per_second: requests in any second; over it 429. None: no limit.
        damaged: ids that are counted and not shown.
    """

    def __init__(self, key: str = "ck_stand_in", secret: str = "cs_stand_in") -> None:  # noqa: S107
        super().__init__()
        self.key, self.secret = key, secret
        self.store = Store()
        self.per_second: int | None = None
        self.damaged: set[int] = set()
        self._gate = Gate()
        self._places = Places(self.store)

    def put(self, resource: str, record: dict[str, Any], parent: int | None = None) -> None:
        """Add or replace a record; one with a parent belongs to that order or product."""
        changed = record.get("date_modified_gmt") or record.get("date_created_gmt") or "2000-01-01T00:00:00"
        self.store.put(resource, padded(record["id"], parent), datetime.fromisoformat(changed), record)
        self._places.forget()

    def trash(self, resource: str, number: int, at: str) -> None:
        """Move a record to the trash."""
        record = self.delete(resource, number)
        self.put(resource + TRASH, record | {"status": "trash", "date_modified_gmt": at})

    def delete(self, resource: str, number: int) -> dict[str, Any]:
        """Delete a record for good; return it."""
        record = self.store.get(resource, padded(number))
        assert record is not None, f"there is no {resource} {number}"
        self.store.remove(resource, padded(number))
        self._places.forget()
        return record

    def filled(self) -> None:
        """Count anew: the store was filled past this class."""
        self._places.forget()

    def own_fault(self, request: Request) -> Answer | None:
        """Refuse what the host or WordPress refuses before the shop is asked."""
        wait = self.per_second and self._gate.wait("all", ((self.per_second, 1.0),))
        if wait:
            return Answer(429, {"message": "Too Many Requests"}, {"Retry-After": "1"})
        if request.fault == "plugin":
            return Answer(200, b"<br />\n<b>Warning</b>: something in a plugin")
        if request.fault == "no-total":
            return Answer(200, [])
        wanted = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {wanted}":
            return refused(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        return None

    @route("GET", rf"{API}/({LISTS})")
    def _list(self, request: Request) -> Answer:
        query, resource = request.query, request.parts[0]
        wrong = _invalid(query)
        if wrong:
            return refused(400, "rest_invalid_param", f"Invalid parameter(s): {wrong}")
        if query.get("status", "any") == "trash":
            resource += TRASH
        # Both exclusive; the site's own zone is UTC here, so dates_are_gmt changes nothing.
        asked = (resource, _moment(query.get("modified_after"), 1), _moment(query.get("modified_before"), 0))
        place, size = int(query.get("offset", 0)), int(query.get("per_page", 10))
        rows = self._places.rows(asked, place, size)
        shown = [row for row in rows if int(row.id) not in self.damaged] if self.damaged else rows
        return _answer(shown, len(self._places.ids(asked)), size)

    @route("GET", rf"{API}/(orders|products)/(\d+)/(refunds|variations)")
    def _children(self, request: Request) -> Answer:
        resource, number, kind = request.parts
        if not self._places.has(resource, padded(int(number))):
            return refused(404, "woocommerce_rest_invalid_id", "Invalid ID.")
        size, page = int(request.query.get("per_page", 10)), int(request.query.get("page", 1))
        asked, owner = (kind, None, None), padded(int(number))
        first, last = (bisect(self._places.ids(asked), limit) for limit in (owner, owner + "~"))
        place = first + size * (page - 1)
        return _answer(self._places.rows(asked, place, max(0, min(size, last - place))), last - first, size)


def refused(status: int, code: str, message: str) -> Answer:
    """Shape an error as WordPress does."""
    return Answer(status, {"code": code, "message": message, "data": {"status": status}})


def _answer(rows: list[Row], total: int, size: int) -> Answer:
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(-(-total // size))}
    return Answer(200, f"[{','.join(row.payload for row in rows)}]".encode(), headers)


def _invalid(query: dict[str, str]) -> str:
    size, place = query.get("per_page", "10"), query.get("offset", "0")
    checks = {
        "per_page": size.isdigit() and 1 <= int(size) <= 100,
        "offset": place.isdigit(),
        "orderby": query.get("orderby") == "id" and query.get("order") == "asc",
        "status": query.get("status", "any") in ("any", "trash"),
        "modified_after": MOMENT.fullmatch(query.get("modified_after", "2000-01-01T00:00:00")),
        "modified_before": MOMENT.fullmatch(query.get("modified_before", "2000-01-01T00:00:00")),
    }
    return ", ".join(name for name, is_right in checks.items() if not is_right and name in query)


def _moment(text: str | None, later: int) -> datetime | None:
    return datetime.fromisoformat(text) + timedelta(seconds=later) if text else None

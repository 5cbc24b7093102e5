"""A stand-in for Klaviyo's API, revision 2026-07-15, as far as it is read from: events, profiles, campaigns, flows.

include/demo/tools/klaviyo.py is the one that is published to.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import orjson

from include.demo.apis.store import Row, Store
from include.demo.tools.base import Answer, Request, Tool
from include.demo.tools.gate import Gate

REVISION = "2026-07-15"
JSON_API = {"Content-Type": "application/vnd.api+json"}
CONDITION = re.compile(
    r"""(equals|greater-or-equal|greater-than|less-or-equal|less-than)\(([a-z_.]+),(?:"([^"]*)"|'([^']*)'|([^"'()]*))\)"""
)
# As the description gives them: most records of a page, and how many when the request names no size.
SIZES = {
    "events": (1000, 200),
    "profiles": (100, 20),
    "campaigns": (100, 100),
    "flows": (50, 50),
    "metrics": (200, 200),
}
WINDOWS = {
    "events": ((350, 1.0), (3500, 60.0)),
    "profiles": ((75, 1.0), (750, 60.0)),
    "campaigns": ((10, 1.0), (150, 60.0)),
    "flows": ((3, 1.0), (60, 60.0)),
    "metrics": ((10, 1.0), (150, 60.0)),
}
RELATED = re.compile(r'"type": ?"(profile|metric)", ?"id": ?"([^"]+)"')
MOMENT = timedelta(microseconds=1)


class _Refused(ValueError):
    """The request is not one that Klaviyo answers; args: detail, parameter."""


@dataclass(frozen=True)
class _Asked:
    """What a request's filter says: (operator, value) per field."""

    conditions: dict[str, list[tuple[str, str]]]

    def equal(self, field: str) -> str | None:
        """Return what a field must equal."""
        return next((value for operator, value in self.conditions.get(field, []) if operator == "equals"), None)

    def span(self, field: str) -> tuple[datetime | None, datetime | None]:
        """Return the first moment of a field that counts, and the first that no longer does."""
        since = until = None
        for operator, value in self.conditions.get(field, []):
            moment = datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
            if operator.startswith("greater"):
                since = moment + (MOMENT if operator == "greater-than" else MOMENT * 0)
            elif operator.startswith("less"):
                until = moment + (MOMENT if operator == "less-or-equal" else MOMENT * 0)
        return since, until


class KlaviyoApi(Tool):
    """The server. Its records are in `store`: metrics, profiles, campaigns, flows, and events/<id of their metric>.

    Attributes:
        store: the records.
        scopes: what the key may do.
        windows: kind of record -> limits; empty = none.
        cursors: counts up when all cursors given out so far expire.
    """

    def __init__(self) -> None:
        super().__init__()
        self.store = Store()
        self.scopes = {f"{kind}:read" for kind in SIZES}
        self.windows: dict[str, tuple[tuple[int, float], ...]] = dict(WINDOWS)
        self.cursors = 0
        self._gate = Gate()

    def handle(self, request: Request) -> Answer:
        """Answer, without the lock while records are read."""
        found = re.fullmatch(r"/api/(\w+)", request.path)
        if request.method == "GET" and found and found[1] in SIZES:
            return self.own_fault(request) or self.listed(request, found[1])
        return _error(404, "not_found", "No such address.", "")

    def own_fault(self, request: Request) -> Answer | None:
        """Refuse requests without key, revision or scope, and those above the rate limit."""
        kind = request.path.rpartition("/")[2]
        if not request.headers.get("authorization", "").startswith("Klaviyo-API-Key pk_"):
            return _error(401, "not_authenticated", "Missing or invalid private key.", "Authorization")
        if request.headers.get("revision") != REVISION:
            return _error(400, "invalid", f"The revision header is not {REVISION}.", "revision")
        if f"{kind}:read" not in self.scopes:
            return _error(403, "permission_denied", f"The key lacks the scope {kind}:read.", "Authorization")
        with self.lock:
            wait = self._gate.wait(kind, self.windows.get(kind, ()))
        if wait is None:
            return None
        refused = _error(429, "throttled", "Request was throttled.", "")
        return Answer(429, refused.body, refused.headers | {"Retry-After": str(math.ceil(wait))})

    def listed(self, request: Request, kind: str) -> Answer:
        """Answer a list of records."""
        try:
            asked, size = _filter(request.query.get("filter", "")), _size(request.query, kind)
            after = self._after(request.query.get("page[cursor]"))
            rows = _READERS[kind](self, request.query, asked, size + 1, after)
        except _Refused as refused:
            return _error(400, "invalid", *refused.args)
        more, rows = len(rows) > size, rows[:size]
        links = {"self": self._link(request, request.query)}
        if more:
            links["next"] = self._link(request, request.query | {"page[cursor]": self._cursor(rows[-1])})
        # Records are texts, and stay texts: to decode and encode them all would take longer than all the rest.
        members = [f'"data": {_listed(_shown(row.payload, kind, request.query) for row in rows)}']
        members.append(f'"links": {orjson.dumps(links).decode()}')
        wanted = set(request.query.get("include", "").split(",")) & {"profile", "metric"}
        if wanted:
            members.append(f'"included": {_listed(self._included(rows, wanted, request.query))}')
        return Answer(200, f"{{{', '.join(members)}}}".encode(), JSON_API)

    def _events(self, query: Mapping[str, str], asked: _Asked, limit: int, after: Row | None) -> list[Row]:
        if query.get("sort", "datetime") != "datetime":
            raise _Refused("The stand-in lists events by datetime.", "sort")
        since, until = asked.span("datetime")
        metric = asked.equal("metric_id")
        metrics = [metric] if metric else [row.id for row in self.store.page("metrics", 1000, by_id=True)]
        pages = (self.store.page(f"events/{one}", limit, after=after, since=since, until=until) for one in metrics)
        return sorted((row for page in pages for row in page), key=lambda row: (row.changed_at, row.id))[:limit]

    def _profiles(self, query: Mapping[str, str], asked: _Asked, limit: int, after: Row | None) -> list[Row]:
        since, until = asked.span("updated")
        return self.store.page("profiles", limit, after=after, since=since, until=until)

    def _campaigns(self, query: Mapping[str, str], asked: _Asked, limit: int, after: Row | None) -> list[Row]:
        channel, archived = asked.equal("messages.channel"), asked.equal("archived")
        if channel is None:
            raise _Refused("A channel filter is required to list campaigns.", "filter")
        resource = f"campaigns/{channel}" + ("/archived" if archived == "true" else "")
        return self.store.page(resource, limit, after=after, by_id=True)

    def _flows(self, query: Mapping[str, str], asked: _Asked, limit: int, after: Row | None) -> list[Row]:
        return self.store.page("flows", limit, after=after, by_id=True)

    def _metrics(self, query: Mapping[str, str], asked: _Asked, limit: int, after: Row | None) -> list[Row]:
        return self.store.page("metrics", limit, after=after, by_id=True)

    def _included(self, rows: list[Row], wanted: set[str], query: Mapping[str, str]) -> list[str]:
        ids: dict[str, set[str]] = {kind: set() for kind in sorted(wanted)}
        for row in rows:
            for kind, related in RELATED.findall(row.payload):
                if kind in ids:
                    ids[kind].add(related)
        texts = {kind: self.store.many(f"{kind}s", known) for kind, known in ids.items()}
        return [_shown(text, f"{kind}s", query, included=True) for kind, found in texts.items() for text in found]

    def _link(self, request: Request, query: Mapping[str, str]) -> str:
        return f"{self.url}{request.path}" + (f"?{urlencode(query)}" if query else "")

    def _cursor(self, row: Row) -> str:
        place = orjson.dumps([self.cursors, row.id, row.changed_at])
        return base64.urlsafe_b64encode(place).decode()

    def _after(self, cursor: str | None) -> Row | None:
        if cursor is None:
            return None
        try:
            given_out, record_id, moment = orjson.loads(base64.urlsafe_b64decode(cursor))
        except ValueError:
            given_out = -1
        if given_out != self.cursors:
            raise _Refused("The page cursor is invalid or has expired.", "page[cursor]")
        return Row(record_id, datetime.fromisoformat(moment), "")


_READERS = {
    "events": KlaviyoApi._events,
    "profiles": KlaviyoApi._profiles,
    "campaigns": KlaviyoApi._campaigns,
    "flows": KlaviyoApi._flows,
    "metrics": KlaviyoApi._metrics,
}


def _filter(text: str) -> _Asked:
    inner = re.fullmatch(r"and\((.*)\)", text)
    conditions: dict[str, list[tuple[str, str]]] = {}
    rest = inner[1] if inner else text
    for operator, field, *values in CONDITION.findall(rest):
        conditions.setdefault(field, []).append((operator, "".join(values)))
    if CONDITION.sub("", rest).strip(", "):
        raise _Refused("The filter cannot be read.", "filter")
    return _Asked(conditions)


def _size(query: Mapping[str, str], kind: str) -> int:
    most, usual = SIZES[kind]
    size = int(query.get("page[size]", usual))
    if not 1 <= size <= most:
        raise _Refused(f"The page size must be between 1 and {most}.", "page[size]")
    return size


def _listed(texts: Iterable[str]) -> str:
    return f"[{','.join(texts)}]"


def _shown(text: str, kind: str, query: Mapping[str, str], included: bool = False) -> str:
    """Leave out of a record's text the attributes and relations that were not asked for."""
    fields = query.get(f"fields[{kind[:-1]}]")
    has_more = kind == "profiles" and not (
        not included and "subscriptions" in query.get("additional-fields[profile]", "")
    )
    has_messages = kind == "campaigns" and "campaign-messages" not in query.get("include", "")
    if not (fields or has_more or has_messages):
        return text
    record = orjson.loads(text)
    if has_more:
        record["attributes"].pop("subscriptions", None)
    if has_messages:
        record.pop("relationships", None)
    if fields:
        record["attributes"] = {
            name: record["attributes"][name] for name in fields.split(",") if name in record["attributes"]
        }
    return orjson.dumps(record).decode()


def _error(status: int, code: str, detail: str, parameter: str) -> Answer:
    one = {
        "id": "e",
        "status": status,
        "code": code,
        "title": code,
        "detail": detail,
        "source": {"parameter": parameter},
    }
    return Answer(status, {"errors": [one]}, JSON_API)

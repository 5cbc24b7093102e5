"""A stand-in for Meta's Custom Audiences: matches hashes, counts, and tells of no single row.

Beside the usual faults: `busy:17` (a limit's code as HTTP 400), `error:100:33` (code and subcode), `some-lost`
(received fewer rows than were sent).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from include.demo.tools.base import Answer, Request, Tool, route

ROWS_PER_REQUEST = 10_000
HASH = re.compile(r"[0-9a-f]{64}")
HASHED = ("EMAIL", "PHONE", "FN", "LN")
KNOWN = {
    "EXTERN_ID",
    *HASHED,
    "DATA_PROCESSING_OPTIONS",
    "DATA_PROCESSING_OPTIONS_COUNTRY",
    "DATA_PROCESSING_OPTIONS_STATE",
}


@dataclass
class Audience:
    """A Custom Audience: EXTERN_ID -> the row as it came last; hash of an address or phone -> EXTERN_IDs."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: int = 200
    shared: dict[str, set[str]] = field(default_factory=dict)

    def take(self, row: dict[str, Any]) -> None:
        """Add a row or put it in place of the one before."""
        key = row["EXTERN_ID"]
        self._forget(key)
        self.rows[key] = row
        for value in _contacts(row):
            self.shared.setdefault(value, set()).add(key)

    def drop(self, row: dict[str, Any]) -> None:
        """Take out everybody who is meant: by EXTERN_ID or by a shared address or phone."""
        for key in {row["EXTERN_ID"]}.union(*(self.shared.get(value, set()) for value in _contacts(row))):
            self._forget(key)

    def _forget(self, key: str) -> None:
        for value in _contacts(self.rows.pop(key, {})):
            self.shared[value].discard(key)


class Meta(Tool):
    """The server.

    Attributes:
        token: the access token it takes.
        audiences: id -> audience.
        invalid: EXTERN_IDs whose rows it counts as invalid.
        samples: whether the answer quotes invalid rows (Meta: at most 100).
        refused: EXTERN_IDs because of which a whole request is refused (code 100).
        sessions: session_id -> what it carried.
    """

    def __init__(self, token: str = "a token") -> None:  # noqa: S107
        super().__init__()
        self.token = token
        self.audiences: dict[str, Audience] = {}
        self.invalid: set[str] = set()
        self.refused: set[str] = set()
        self.samples = False
        self.sessions: dict[int, tuple[str, bytes]] = {}

    def members(self, audience: str) -> set[str]:
        """EXTERN_IDs in an audience."""
        return set(self.audiences[audience].rows)

    def own_fault(self, request: Request) -> Answer | None:
        """Refuse a wrong token and answer Meta's own errors."""
        if "access_token" in request.query:
            self.forbidden.append("the token is in the address")
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return error(190, 0, 400)
        kind, _, codes = request.fault.partition(":")
        if kind == "busy":
            return error(int(codes), 0, 403 if codes == "4" else 400)
        if kind == "error":
            code, _, subcode = codes.partition(":")
            return error(int(code), int(subcode or 0), 400)
        return None

    @route("GET", r"/v\d+\.\d+/(\d+)")
    def _node(self, request: Request) -> Answer:
        audience = self.audiences.get(request.parts[0])
        if audience is None:
            return error(100, 33, 400)
        # Meta estimates: hundreds below, hundreds above.
        low = len(audience.rows) // 100 * 100
        known = {
            "approximate_count_lower_bound": low,
            "approximate_count_upper_bound": low + 100,
            "operation_status": {"code": audience.status, "description": "as it is"},
        }
        return Answer(
            200, {name: known[name] for name in request.query["fields"].split(",")} | {"id": request.parts[0]}
        )

    @route("POST", r"/v\d+\.\d+/(\d+)/users")
    def _add(self, request: Request) -> Answer:
        return self._users(request, removing=False)

    @route("DELETE", r"/v\d+\.\d+/(\d+)/users")
    def _remove(self, request: Request) -> Answer:
        return self._users(request, removing=True)

    @route("DELETE", r"/v\d+\.\d+/(\d+)")
    def _delete_audience(self, request: Request) -> Answer:
        self.forbidden.append("an audience was deleted")
        return Answer(200, {"success": True})

    @route("POST", r"/v\d+\.\d+/(\d+)/usersreplace")
    def _replace(self, request: Request) -> Answer:
        self.forbidden.append("an audience was replaced as a whole")
        return Answer(200, {})

    def _users(self, request: Request, removing: bool) -> Answer:
        audience = self.audiences.get(request.parts[0])
        if audience is None:
            return error(100, 33, 400)
        payload, session = json.loads(request.form["payload"]), json.loads(request.form["session"])
        rows = [dict(zip(payload["schema"], row, strict=True)) for row in payload["data"]]
        refusal = self._refusal(payload["schema"], rows) or self._session_refusal(request, session, len(rows))
        if refusal:
            return refusal
        bad = [row for row in rows if row["EXTERN_ID"] in self.invalid or not _is_hashed(row)]
        not_taken = {row["EXTERN_ID"] for row in bad}
        for row in rows:
            if row["EXTERN_ID"] not in not_taken:
                audience.drop(row) if removing else audience.take(row)
        received = len(rows) - 1 if request.fault == "some-lost" else len(rows)
        samples = {str(number): json.dumps(row) for number, row in enumerate(bad[:100])} if self.samples else {}
        answer = {
            "audience_id": request.parts[0],
            "session_id": str(session["session_id"]),
            "num_received": received,
            "num_invalid_entries": len(bad),
            "invalid_entry_samples": samples,
        }
        return Answer(200, answer)

    def _refusal(self, schema: list[str], rows: list[dict[str, Any]]) -> Answer | None:
        if set(schema) - KNOWN or not rows or len(rows) > ROWS_PER_REQUEST:
            return error(100, 0, 400)
        return error(100, 1487301, 400) if self.refused & {row["EXTERN_ID"] for row in rows} else None

    def _session_refusal(self, request: Request, session: dict[str, Any], rows: int) -> Answer | None:
        if set(session) != {"session_id", "batch_seq", "last_batch_flag", "estimated_num_total"}:
            return error(100, 0, 400)
        if session["batch_seq"] != 1 or not session["last_batch_flag"] or session["estimated_num_total"] != rows:
            return error(100, 0, 400)
        # A session's number is used once in an ad account; the same request may come again.
        came = (request.method + request.path, request.raw)
        if self.sessions.setdefault(session["session_id"], came) != came:
            return error(2650, 1870147, 400)
        return None


def error(code: int, subcode: int, status: int) -> Answer:
    """Shape an error of the Graph API; the text quotes nothing."""
    found = {"message": "(#" + str(code) + ") no", "type": "OAuthException", "code": code, "fbtrace_id": "Abc"}
    return Answer(status, {"error": found | ({"error_subcode": subcode} if subcode else {})})


def _is_hashed(row: dict[str, Any]) -> bool:
    return all(not row[name] or HASH.fullmatch(row[name]) for name in HASHED if name in row)


def _contacts(row: dict[str, Any]) -> list[str]:
    return [row[name] for name in ("EMAIL", "PHONE") if row.get(name)]

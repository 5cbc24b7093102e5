"""A stand-in for the Google Ads API that is read from: tokens, GAQL of the reports, pages, quotas.

Beside the usual faults: `quota` (RESOURCE_EXHAUSTED), `error:400:requestError:EXPIRED_PAGE_TOKEN` (status, kind, code).
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from include.demo.apis.store import Row, Store
from include.demo.tools.base import Answer, Request, Tool, route
from include.demo.tools.gate import Gate

PAGE_ROWS: Final = 10_000
QUERY: Final = re.compile(
    r"SELECT (?P<fields>[\w., ]+) FROM (?P<resource>\w+)"
    r"(?: WHERE segments\.date BETWEEN '(?P<first>[\d-]{10})' AND '(?P<last>[\d-]{10})')?"
    r"(?: ORDER BY segments\.date)?(?: LIMIT (?P<limit>\d+))?"
)
STATUS: Final = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 429: "RESOURCE_EXHAUSTED"}
_COMMON: Final = {
    "segments.date",
    *(f"campaign.{name}" for name in ("id", "name", "advertising_channel_type")),
    *(f"metrics.{name}" for name in ("cost_micros", "impressions", "clicks", "conversions")),
    *(f"customer.{name}" for name in ("currency_code", "time_zone")),
}
FIELDS: Final = {
    "campaign": _COMMON,
    "ad_group_ad": _COMMON | {"ad_group.id", "ad_group_ad.ad.id"},
    "customer": {"customer.id", "customer.currency_code", "customer.time_zone", "customer.manager"},
}


@dataclass(frozen=True)
class _Place:
    query: str
    after: Row


@dataclass
class _State:
    places: dict[str, _Place] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)


class GoogleAds(Tool):
    """The server. The store has the rows of `campaign` and `ad_group_ad`, each at the midnight of its day.

    Attributes:
        customer_id: the account that can be asked.
        login_customer_id: the manager through which alone it can be reached; None = directly.
        customer: its description.
        refresh_token: what tokens are given for; a signed assertion is taken too.
        is_approved: whether the Google Cloud project may read accounts that are not for tests.
        token_seconds: how long an access token lives.
        page_rows: rows of a page; Google's number is fixed.
        windows: (most requests, seconds) before RESOURCE_EXHAUSTED; empty = no limit.
        forbidden: what must never have come.
    """

    questions = re.compile(r".*googleAds:search|/token")

    def __init__(self, refresh_token: str = "a refresh token") -> None:  # noqa: S107
        super().__init__()
        self.store = Store()
        self.customer_id, self.login_customer_id = "1234567890", None
        self.customer: dict[str, Any] = {"currencyCode": "EUR", "timeZone": "Europe/Berlin", "manager": False}
        self.refresh_token, self.is_approved = refresh_token, True
        self.token_seconds, self.page_rows = 3600, PAGE_ROWS
        self.windows: tuple[tuple[int, float], ...] = ()
        self.forbidden: list[str] = []
        self._gate, self._state = Gate(), _State()

    def own_fault(self, request: Request) -> Answer | None:
        """Answer Google's own errors."""
        if request.fault == "quota":
            return error(429, "quotaError", "RESOURCE_EXHAUSTED")
        if request.fault.startswith("error:"):
            _, status, kind, code = request.fault.split(":")
            return error(int(status), kind, code)
        return None

    @route("POST", "/token")
    def _token(self, request: Request) -> Answer:
        form = request.form
        known = form.get("refresh_token") == self.refresh_token or form.get("assertion", "").count(".") == 2
        if not known:
            return Answer(400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."})
        token = uuid.uuid4().hex
        self._state.tokens.add(token)
        return Answer(200, {"access_token": token, "expires_in": self.token_seconds, "token_type": "Bearer"})

    @route("POST", r"/v\d+/customers/(\d+)/googleAds:search")
    def _search(self, request: Request) -> Answer:
        refusal = self._refusal(request)
        if refusal:
            return refusal
        asked = QUERY.fullmatch(request.json["query"])
        if not asked or asked["resource"] not in FIELDS:
            return error(400, "queryError", "UNEXPECTED_INPUT")
        fields = [name.strip() for name in asked["fields"].split(",")]
        if set(fields) - FIELDS[asked["resource"]]:
            return error(400, "queryError", "UNRECOGNIZED_FIELD")
        if asked["resource"] == "customer":
            row = {"resourceName": f"customers/{self.customer_id}", "id": self.customer_id, **self.customer}
            return Answer(200, {"results": [{"customer": row}], "fieldMask": ",".join(fields)})
        return self._rows(request, asked, fields)

    def _rows(self, request: Request, asked: re.Match[str], fields: list[str]) -> Answer:
        query, token = request.json["query"], request.json.get("pageToken")
        place = self._state.places.get(token) if token else None
        if token and (place is None or place.query != query):
            return error(400, "requestError", "INVALID_PAGE_TOKEN")
        since = _midnight(asked["first"])
        until = _midnight(asked["last"])
        limit = min(self.page_rows, int(asked["limit"] or self.page_rows))
        rows = self.store.page(
            asked["resource"],
            limit,
            after=place.after if place else None,
            since=since,
            until=until and until + timedelta(days=1),
        )
        answer = [f'"fieldMask": {json.dumps(",".join(fields))}', '"requestId": "r"']
        if rows:
            answer.append(f'"results": [{",".join(self._projected(rows, asked["resource"], fields))}]')
        if len(rows) == limit and not asked["limit"]:
            following = uuid.uuid4().hex
            self._state.places[following] = _Place(query, rows[-1])
            answer.append(f'"nextPageToken": "{following}"')
        return Answer(200, f"{{{', '.join(answer)}}}".encode())

    def _projected(self, rows: list[Row], resource: str, fields: list[str]) -> list[str]:
        if set(fields) == FIELDS[resource]:
            return [row.payload for row in rows]
        return [json.dumps(_only(json.loads(row.payload), fields)) for row in rows]

    def _refusal(self, request: Request) -> Answer | None:
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self._state.tokens:
            return error(401, "authenticationError", "OAUTH_TOKEN_INVALID")
        if not self.is_approved:
            return error(403, "authorizationError", "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION")
        if request.parts[0] != self.customer_id:
            return error(403, "authorizationError", "USER_PERMISSION_DENIED")
        if self.login_customer_id and request.headers.get("login-customer-id") != self.login_customer_id:
            return error(403, "authorizationError", "USER_PERMISSION_DENIED")
        if self.customer["manager"] and "metrics." in request.json["query"]:
            return error(400, "queryError", "REQUESTED_METRICS_FOR_MANAGER")
        if set(request.json) - {"query", "pageToken"}:
            self.forbidden.append("a key that the API no longer takes")
            return error(400, "requestError", "PAGE_SIZE_NOT_SUPPORTED")
        if self.windows and self._gate.wait("search", self.windows) is not None:
            return error(429, "quotaError", "RESOURCE_TEMPORARILY_EXHAUSTED")
        return None


def error(status: int, kind: str, code: str) -> Answer:
    """Shape a GoogleAdsFailure; the text quotes nothing."""
    failure = {
        "@type": "type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure",
        "errors": [{"errorCode": {kind: code}, "message": "no"}],
    }
    return Answer(
        status,
        {"error": {"code": status, "message": "no", "status": STATUS.get(status, "INTERNAL"), "details": [failure]}},
    )


def _midnight(day: str | None) -> datetime | None:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).replace(tzinfo=None) if day else None


def _only(row: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """Keep the selected fields and the resource names of what was selected, as Google does."""
    kept: dict[str, Any] = {}
    for name in fields:
        source, target = row, kept
        *path, last = [_camel(part) for part in name.split(".")]
        for part in path:
            source, target = source[part], target.setdefault(part, {})
            if "resourceName" in source:
                target["resourceName"] = source["resourceName"]
        target[last] = source[last]
    return kept


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)

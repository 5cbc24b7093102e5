"""A stand-in for Meta's Insights API: reports that take a while, cursors, budgets, ads that were deleted.

Beside the usual faults: `busy:17` (a limit's code), `error:100:33` (code and subcode), `too-much` (the page is too
large), `job-failed:80000` (the report just asked for ends so; the code may be left out).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from include.demo.apis.store import Row, Store
from include.demo.tools.base import Answer, Request, Tool, route
from include.demo.tools.gate import Gate

PERMISSION: Final = "ads_read"
VERSION: Final = r"/v\d+\.\d+"


@dataclass
class _Report:
    """A report: how often it says that it runs, how it ends, and what it is of."""

    looks_left: int
    is_failing: bool
    error_code: int
    since: datetime
    until: datetime
    sees_hidden: bool


class MetaAds(Tool):
    """The server. The store has the rows of `ads` and `account`, each at the midnight of its day.

    Attributes:
        token: the access token it takes.
        account_id: the ad account.
        account: its description.
        hidden: ads that were archived or deleted, which only a filter on their status brings back.
        slow: how many looks a report keeps running.
        most_days: a report of more days fails.
        granted: permissions of the token.
        windows: (most requests, seconds) before code 80000; empty = no limit.
        oldest: first moment that it still knows of; Meta: 37 months ago. None = everything.
        usage: share of the budget that each answer tells of, in percent.
        forbidden: what must never have come.
    """

    questions = re.compile(r".*/insights")

    def __init__(self, token: str = "a token") -> None:  # noqa: S107
        super().__init__()
        self.store = Store()
        self.token, self.account_id = token, "9876543210"
        self.account: dict[str, Any] = {"currency": "EUR", "timezone_name": "Europe/Berlin"}
        self.hidden: set[str] = set()
        self.slow, self.most_days, self.usage = 0, 366, 0
        self.granted = {PERMISSION}
        self.windows: tuple[tuple[int, float], ...] = ()
        self.oldest: datetime | None = None
        self.reports: dict[str, _Report] = {}
        self.forbidden: list[str] = []
        self._gate = Gate()

    def own_fault(self, request: Request) -> Answer | None:
        """Refuse a wrong token, keep the limits, and answer Meta's own errors."""
        if "access_token" in request.query:
            self.forbidden.append("the token is in the address")
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return error(190, 0)
        kind, _, codes = request.fault.partition(":")
        if kind == "busy":
            return error(int(codes), 0, 403 if codes == "4" else 400)
        if kind == "error":
            code, _, subcode = codes.partition(":")
            return error(int(code), int(subcode or 0))
        if kind == "too-much":
            return error(1, 0, 500, "Please reduce the amount of data you're asking for, then retry your request")
        if self.windows and self._gate.wait("insights", self.windows) is not None:
            return error(80000, 2446079)
        return None

    @route("GET", VERSION + "/me/permissions")
    def _permissions(self, request: Request) -> Answer:
        return Answer(200, {"data": [{"permission": name, "status": "granted"} for name in sorted(self.granted)]})

    @route("GET", VERSION + r"/act_(\d+)")
    def _account(self, request: Request) -> Answer:
        if request.parts[0] != self.account_id:
            return error(100, 33)
        known = self.account | {"account_id": self.account_id}
        wanted = request.query["fields"].split(",")
        return self._answer({name: known[name] for name in wanted} | {"id": f"act_{self.account_id}"})

    @route("POST", VERSION + r"/act_(\d+)/insights")
    def _start(self, request: Request) -> Answer:
        form = request.form
        refusal = self._refusal(request, form)
        if refusal:
            return refusal
        if (form.get("level"), form.get("time_increment")) != ("ad", "1"):
            return error(100, 0)
        if {"7d_view", "28d_view"} & set(json.loads(form.get("action_attribution_windows", "[]"))):
            return error(100, 0)
        since, until = _span(form)
        statuses = {status for one in json.loads(form.get("filtering", "[]")) for status in one["value"]}
        fault, _, code = request.fault.partition(":")
        failing = fault == "job-failed" or (until - since).days > self.most_days
        report = str(60_000_000 + len(self.reports))
        self.reports[report] = _Report(
            self.slow, failing, int(code or 0), since, until, {"DELETED", "ARCHIVED"} <= statuses
        )
        return self._answer({"report_run_id": report})

    @route("GET", VERSION + r"/act_(\d+)/insights")
    def _totals(self, request: Request) -> Answer:
        query = request.query
        refusal = self._refusal(request, query)
        if refusal:
            return refusal
        if query.get("level") != "account":
            return error(100, 1504018)
        since, until = _span(query)
        rows = self.store.page("account", int(query.get("limit", 25)), since=since, until=until)
        return self._page(rows, [], ended=True)

    @route("GET", VERSION + r"/(\d+)")
    def _status(self, request: Request) -> Answer:
        report = self.reports.get(request.parts[0])
        if report is None:
            return error(100, 33)
        if report.looks_left:
            report.looks_left -= 1
            status, percent = "Job Running", 50
        else:
            status, percent = ("Job Failed", 0) if report.is_failing else ("Job Completed", 100)
        answer = {"id": request.parts[0], "async_status": status, "async_percent_completion": percent}
        if status == "Job Failed" and report.error_code:
            answer["error_code"] = report.error_code
        return self._answer(answer)

    @route("GET", VERSION + r"/(\d+)/insights")
    def _read(self, request: Request) -> Answer:
        report = self.reports.get(request.parts[0])
        if report is None or report.looks_left or report.is_failing:
            return error(2601, 0)
        limit, after = int(request.query.get("limit", 25)), request.query.get("after")
        place = Row(*json.loads(base64.b64decode(after))) if after else None
        if place:
            place = Row(place.id, datetime.fromisoformat(str(place.changed_at)), "")
        rows = self.store.page("ads", limit, after=place, since=report.since, until=report.until)
        left_out = [] if report.sees_hidden else [row for row in rows if row.id.split("~")[1] in self.hidden]
        return self._page(rows, left_out, ended=len(rows) < limit)

    def _page(self, rows: list[Row], left_out: list[Row], ended: bool) -> Answer:
        data = ",".join(row.payload for row in rows if row not in left_out)
        paging: dict[str, Any] = {}
        if rows:
            last = json.dumps([rows[-1].id, rows[-1].changed_at.isoformat(), ""])
            paging = {"cursors": {"before": "QQ", "after": base64.b64encode(last.encode()).decode()}}
        if not ended:
            paging["next"] = f"https://graph.facebook.com/next?access_token={self.token}"
        body = f'{{"data": [{data}], "paging": {json.dumps(paging)}}}'.encode()
        return Answer(200, body, self._usage())

    def _answer(self, body: dict[str, Any]) -> Answer:
        return Answer(200, body, self._usage())

    def _usage(self) -> dict[str, str]:
        entry = {"type": "ads_insights", "call_count": self.usage, "total_cputime": 1, "total_time": 1}
        return {"X-Business-Use-Case-Usage": json.dumps({self.account_id: [entry]})} if self.usage else {}

    def _refusal(self, request: Request, asked: Mapping[str, str]) -> Answer | None:
        if request.parts[0] != self.account_id:
            return error(100, 33)
        if not self.granted & {PERMISSION, "ads_management"}:
            return error(200, 0, 403)
        if self.oldest and _span(asked)[0] < self.oldest:
            return error(3018, 0)
        return None


def error(code: int, subcode: int, status: int = 400, message: str = "no") -> Answer:
    """Shape an error of the Graph API."""
    found = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Abc"}
    return Answer(status, {"error": found | ({"error_subcode": subcode} if subcode else {})})


def _span(asked: Mapping[str, str]) -> tuple[datetime, datetime]:
    if "time_range" not in asked:
        today = datetime.now(UTC).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        return today - timedelta(days=1), today
    found = json.loads(asked["time_range"])
    return datetime.fromisoformat(found["since"]), datetime.fromisoformat(found["until"]) + timedelta(days=1)

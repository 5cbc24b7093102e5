"""A stand-in for Mailchimp's Marketing API 3.0, as far as it is read from: campaigns, their reports, and contacts.

include/demo/tools/mailchimp.py is the one that is published to.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from include.demo.tools.base import Answer, Request, Tool, route
from include.demo.tools.mailchimp import subscriber_hash

KEY = "key-of-the-demo-us21"
MOST = 1000
Record = dict[str, Any]
LIST = r"/3\.0/lists/([^/]+)/members"
REPORT = r"/3\.0/reports/([^/]+)"


class MailchimpApi(Tool):
    """The server. What it holds are lists of records in the shape of its answers.

    Attributes:
        audiences: id of the list -> its contacts by subscriber hash.
        campaigns: all of them, in the order of their making.
        automations: workflows.
        automation_emails: id of the workflow -> its mails.
        reports: (id of the campaign, kind of report) -> records.
        key: what the password must be.
    """

    def __init__(self, key: str = KEY) -> None:
        super().__init__()
        self.audiences: dict[str, dict[str, Record]] = {}
        self.campaigns: list[Record] = []
        self.automations: list[Record] = []
        self.automation_emails: dict[str, list[Record]] = {}
        self.reports: dict[tuple[str, str], list[Record]] = {}
        self.key = key

    def put_member(
        self, list_id: str, email: str, status: str, opted_in: str, last_changed: str, **fields: Any
    ) -> None:
        """Put a contact there, or change it; times are ISO 8601 with an offset."""
        name = subscriber_hash(email)
        member = {
            "id": name,
            "list_id": list_id,
            "email_address": email,
            "status": status,
            "merge_fields": fields,
            "timestamp_opt": opted_in,
            "timestamp_signup": opted_in,
            "last_changed": last_changed,
        }
        self.audiences.setdefault(list_id, {})[name] = member

    def add_campaign(
        self, campaign_id: str, list_id: str, send_time: str, status: str = "sent", title: str = ""
    ) -> None:
        """Put a campaign there."""
        times = {"create_time": "2025-01-01T00:00:00+00:00", "send_time": send_time}
        settings = {"title": title, "subject_line": f"Subject of {campaign_id}"}
        known = {"id": campaign_id, "type": "regular", "status": status}
        self.campaigns.append(known | times | {"recipients": {"list_id": list_id}, "settings": settings})

    def own_fault(self, request: Request) -> Answer | None:
        """`bare-403` is what the gate in front of the API answers when there are too many requests."""
        if request.fault == "bare-403":
            return Answer(403, None)
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        if kind != "Basic" or base64.b64decode(given).decode().partition(":")[2] != self.key:
            return _problem(401, "Your API key may be invalid, or you've attempted to access the wrong datacenter.")
        return None

    @route("GET", r"/3\.0/lists")
    def list_lists(self, request: Request) -> Answer:
        """List the audiences."""
        return _page(request, "lists", [{"id": one, "name": one} for one in sorted(self.audiences)])

    @route("GET", LIST)
    def list_members(self, request: Request) -> Answer:
        """List contacts; without a status, all but the archived."""
        if request.parts[0] not in self.audiences:
            return _problem(404, "The requested resource could not be found.")
        held, query = list(self.audiences[request.parts[0]].values()), request.query
        chosen = (lambda one: one["status"] == query["status"]) if "status" in query else _is_not_archived
        held = [one for one in held if chosen(one) and _is_after(one["last_changed"], query.get("since_last_changed"))]
        return _page(request, "members", _sorted(held, query))

    @route("GET", r"/3\.0/campaigns")
    def list_campaigns(self, request: Request) -> Answer:
        """List campaigns."""
        query = request.query
        held = [
            one
            for one in self.campaigns
            if query.get("status") in (None, one["status"])
            and (not {"since_send_time", "before_send_time"} & set(query) or one["send_time"])
            and _is_after(one["send_time"], query.get("since_send_time"))
            and _is_after(query.get("before_send_time"), one["send_time"] if "before_send_time" in query else None)
        ]
        return _page(request, "campaigns", _sorted(held, query))

    @route("GET", r"/3\.0/automations")
    def list_automations(self, request: Request) -> Answer:
        """List workflows."""
        return _page(request, "automations", self.automations)

    @route("GET", r"/3\.0/automations/([^/]+)/emails")
    def list_emails(self, request: Request) -> Answer:
        """List the mails of a workflow."""
        held = self.automation_emails.get(request.parts[0], [])
        return Answer(200, {"emails": held, "total_items": len(held)})

    @route("GET", rf"{REPORT}/sent-to")
    def list_recipients(self, request: Request) -> Answer:
        """List who was sent a campaign."""
        return _page(request, "sent_to", self._report(request, "sent_to"))

    @route("GET", rf"{REPORT}/email-activity")
    def list_activity(self, request: Request) -> Answer:
        """List who opened, clicked and bounced, each with what happened since a moment."""
        since = request.query.get("since")
        held = [
            one | {"activity": [act for act in one["activity"] if _is_after(act["timestamp"], since)]}
            for one in self._report(request, "emails")
        ]
        return _page(request, "emails", [one for one in held if one["activity"] or since is None])

    @route("GET", rf"{REPORT}/unsubscribed")
    def list_unsubscribed(self, request: Request) -> Answer:
        """List who unsubscribed from a campaign."""
        return _page(request, "unsubscribes", self._report(request, "unsubscribes"))

    @route("GET", rf"{REPORT}/abuse-reports")
    def list_abuse(self, request: Request) -> Answer:
        """List a campaign's spam reports, at once."""
        held = self._report(request, "abuse_reports")
        return Answer(200, {"campaign_id": request.parts[0], "abuse_reports": held, "total_items": len(held)})

    def _report(self, request: Request, kind: str) -> list[Record]:
        return self.reports.get((request.parts[0], kind), [])


def _is_not_archived(member: Record) -> bool:
    return member["status"] != "archived"


def _is_after(moment: str | None, since: str | None) -> bool:
    return since is None or (bool(moment) and _moment(moment) > _moment(since))


def _moment(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else datetime.max.replace(tzinfo=UTC)


def _sorted(records: list[Record], query: Mapping[str, str]) -> list[Record]:
    field = query.get("sort_field")
    if field is None:
        return records
    by: Callable[[Record], Any] = lambda one: (one[field] or "", one["id"])  # noqa: E731
    return sorted(records, key=by, reverse=query.get("sort_dir") == "DESC")


def _page(request: Request, name: str, records: list[Record]) -> Answer:
    start, count = int(request.query.get("offset", 0)), int(request.query.get("count", 10))
    if count > MOST:
        return _problem(400, f"The count is above {MOST}.")
    return Answer(200, {name: records[start : start + count], "total_items": len(records)})


def _problem(status: int, detail: str) -> Answer:
    return Answer(status, {"type": "about:blank", "title": "A problem", "status": status, "detail": detail})

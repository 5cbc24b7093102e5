"""A stand-in for a retailCRM account: customers with tags and custom fields, tasks of managers.

Answers have the shapes of the vendor's recorded ones. Beside the usual faults: `no:<text>` (a refusal inside a 200).
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

from include.demo.tools.base import Answer, Request, Tool, route

EDITABLE = frozenset({"addTags", "removeTags", "customFields"})
TASK = frozenset({"text", "commentary", "datetime", "performerId", "customer"})
PAGES = frozenset({20, 50, 100})


@dataclass
class Customer:
    """A customer of one site."""

    id: int
    email: str = ""
    external_id: str | None = None
    site: str = "shop"
    tags: set[str] = field(default_factory=set)
    fields: dict[str, Any] = field(default_factory=dict)
    subscribed: bool = True


class Crm(Tool):
    """What every server of an account does before it looks at a request.

    Attributes:
        key: the API key it takes.
        per_second: requests in any second; over it 503. None: no limit.
    """

    def __init__(self, key: str = "a key") -> None:
        super().__init__()
        self.key = key
        self.per_second: int | None = None
        self._times: list[float] = []

    def own_fault(self, request: Request) -> Answer | None:
        """Refuse a wrong key, too many requests, and answer refusals inside a 200."""
        if "apiKey" in request.query:
            self.forbidden.append("the key is in the address")
        if request.headers.get("x-api-key") != self.key:
            return refused(403, 'Wrong "apiKey" value.')
        now = time.monotonic()
        self._times = [one for one in self._times if now - one < 1] + [now]
        if self.per_second is not None and len(self._times) > self.per_second:
            return refused(503, "Service Temporarily Unavailable")
        kind, _, text = request.fault.partition(":")
        return refused(200, text) if kind == "no" else None


class Retailcrm(Crm):
    """The server.

    Attributes:
        customers: by the CRM's id.
        tasks: as they were created, with an id.
        codes: code of a custom field -> its values' type (str, float, bool).
    """

    def __init__(self, key: str = "a key") -> None:
        super().__init__(key)
        self.customers: dict[int, Customer] = {}
        self.tasks: list[dict[str, Any]] = []
        self.codes: dict[str, type] = {"stage": str, "spent": float, "perennial_customer_key": str}

    def members(self, tag: str) -> set[str]:
        """E-mail addresses of the customers with a tag."""
        return {one.email for one in self.customers.values() if tag in one.tags}

    @route("GET", r"/api/v5/customers")
    def _find(self, request: Request) -> Answer:
        query = request.query
        if int(query.get("limit", 20)) not in PAGES:
            return refused(400, "Errors in the input parameters", {"limit": "The value is not a valid choice."})
        wanted = {value for name, value in query.items() if name.startswith("filter[externalIds]")}
        tags = {value for name, value in query.items() if name.startswith("filter[tags]")}
        sites = {value for name, value in query.items() if name.startswith("filter[sites]")}
        found = [
            one
            for one in self.customers.values()
            if (not wanted or one.external_id in wanted)
            and (not tags or tags & one.tags)
            and (not sites or one.site in sites)
            and query.get("filter[email]", "").lower() in one.email.lower()
        ]
        limit = int(query.get("limit", 20))
        shown = [_shown(one) for one in found[:limit]]
        return Answer(200, {"success": True, "pagination": pages(len(found), limit), "customers": shown})

    @route("POST", r"/api/v5/customers/(\d+)/edit")
    def _edit(self, request: Request) -> Answer:
        customer = self.customers.get(int(request.parts[0]))
        if request.form.get("by") != "id" or customer is None or customer.site != request.form.get("site"):
            return refused(404, "Not found")
        change = json.loads(request.form["customer"])
        if set(change) - EDITABLE:
            self.forbidden.append(f"a customer's {', '.join(sorted(set(change) - EDITABLE))} were changed")
        values = change.get("customFields") or {}
        wrong = [code for code, value in values.items() if not self._fits(code, value)]
        if wrong:
            errors = {f"customFields[{code}]": f"{values[code]} is not valid for {customer.email}" for code in wrong}
            return refused(400, "Errors in the entity format", errors)
        customer.tags |= set(change.get("addTags") or [])
        customer.tags -= set(change.get("removeTags") or [])
        customer.fields |= values
        return Answer(200, {"success": True, "id": customer.id})

    @route("GET", r"/api/v5/tasks")
    def _tasks(self, request: Request) -> Answer:
        text = request.query.get("filter[text]", "")
        shown = [
            {"id": one["id"], "text": one["text"], "datetime": one["datetime"], "complete": False}
            | {"createdAt": "2026-01-02 03:04:05", "performer": one["performerId"], "performerType": "user"}
            for one in self.tasks
            if text in one["text"]
        ]
        return Answer(200, {"success": True, "pagination": pages(len(shown), 100), "tasks": shown})

    @route("POST", r"/api/v5/tasks/create")
    def _create_task(self, request: Request) -> Answer:
        task = json.loads(request.form["task"])
        unknown = set(task) - TASK
        if unknown or not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", task.get("datetime", "")):
            return refused(400, "Errors in the entity format", {"task": f"unknown or wrong: {sorted(unknown)}"})
        if task["customer"]["id"] not in self.customers:
            return refused(400, "Errors in the entity format", {"customer": "Customer not found."})
        self.tasks.append(task | {"id": len(self.tasks) + 1})
        return Answer(201, {"success": True, "id": len(self.tasks)})

    @route("POST", r"/api/v5/customers/(create|upload|combine|fix-external-ids)")
    def _not_ours(self, request: Request) -> Answer:
        self.forbidden.append(f"customers/{request.parts[0]}")
        return Answer(200, {"success": True})

    @route("POST", r"/api/v5/customers/[^/]+/subscriptions")
    def _subscribe(self, request: Request) -> Answer:
        self.forbidden.append("a subscription was changed")
        return Answer(200, {"success": True})

    def _fits(self, code: str, value: Any) -> bool:
        kind = self.codes.get(code)
        return kind is not None and (value is None or isinstance(value, kind))


def refused(status: int, text: str, errors: dict[str, str] | None = None) -> Answer:
    """Shape an error as the CRM does."""
    return Answer(status, {"success": False, "errorMsg": text} | ({"errors": errors} if errors else {}))


def pages(total: int, limit: int, page: int = 1) -> dict[str, int]:
    """Shape what a list says of its pages."""
    return {"limit": limit, "totalCount": total, "currentPage": page, "totalPageCount": -(-total // limit)}


def _shown(one: Customer) -> dict[str, Any]:
    shown = {"type": "customer", "id": one.id, "site": one.site, "email": one.email, "customFields": one.fields}
    tags = [{"name": tag, "color": "#3e89b6", "attached": False} for tag in sorted(one.tags)]
    return shown | {"tags": tags} | ({"externalId": one.external_id} if one.external_id else {})

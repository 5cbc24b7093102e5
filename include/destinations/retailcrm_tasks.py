"""Tasks for a retailCRM account's managers: one for each event, however often it is told."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from pydantic import BaseModel, ConfigDict, Field

from include.destinations.api import Api
from include.destinations.base import DestinationRefused, DestinationUnavailable, Member
from include.destinations.retailcrm_customers import PAGE, done, read
from include.destinations.values import json_value


class Task(BaseModel):
    """What a manager is to do when an audience of events tells of somebody.

    Attributes:
        text: what the manager reads; the event's key is put behind it.
        performer: user id in the CRM.
        due: attribute with the time it is due; None: now.
        days: days added to that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(min_length=1, max_length=200)
    performer: int = Field(ge=1)
    due: str | None = None
    days: int = Field(default=0, ge=0)


@dataclass(frozen=True)
class Tasks:
    """Creates tasks in one site; `zone` is the account's."""

    api: Api
    site: str
    zone: ZoneInfo

    def tell_once(self, task: Task, key: str, member: Member, customer: str) -> httpx.Response:
        """Create the task of an event unless it is there.

        Args:
            task: what the row says of it.
            key: the event's own key; it stands in the text, by which the task is found again.
            member: whose event it is; its attributes become the commentary.
            customer: the CRM's id.

        Raises:
            DestinationUnavailable: whether it was created is unknown; the next run looks for it first.
        """
        form = {"site": self.site, "task": json.dumps(self._body(task, key, member, customer), ensure_ascii=False)}
        rules = self.api.rules
        wait = rules.first_wait
        for attempt in range(1, rules.attempts + 1):
            # Looked for each time: a task whose creation went unanswered may be there.
            there = self._find(key)
            if there is not None:
                return there
            try:
                return done(self.api.request("POST", "/tasks/create", form=form, once=True))
            except DestinationUnavailable:
                if attempt == rules.attempts:
                    raise
            time.sleep(min(wait, rules.max_wait))
            wait *= 2
        raise AssertionError("attempts are at least 1")

    def _find(self, key: str) -> httpx.Response | None:
        response = self.api.request("GET", "/tasks", params={"filter[text]": key, "limit": PAGE})
        tasks = read(self.api, response).get("tasks") or []
        return response if any(key in str(one.get("text") or "") for one in tasks) else None

    def _body(self, task: Task, key: str, member: Member, customer: str) -> dict[str, Any]:
        due = member.attributes.get(task.due) if task.due else None
        if task.due and not isinstance(due, date):
            raise DestinationRefused(f"{self.api.who}: expected a time in attribute '{task.due}', named by its task.")
        when = local(due, self.zone) if due else datetime.now(self.zone)
        told = {name: json_value(value) for name, value in member.attributes.items() if value is not None}
        return {
            "text": f"{task.text} [{key}]",
            "commentary": "\n".join(f"{name}: {value}" for name, value in told.items()),
            "datetime": (when + timedelta(days=task.days)).strftime("%Y-%m-%d %H:%M"),
            "performerId": task.performer,
            "customer": {"id": int(customer)},
        }


def local(value: date, zone: ZoneInfo) -> datetime:
    """Return a time (UTC where it has no zone) or the start of a day in the account's zone."""
    if not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day, tzinfo=zone)
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(zone)

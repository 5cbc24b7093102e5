"""Destination `retailcrm`: tags, custom fields and managers' tasks on the customers of a retailCRM account.

Customers must be in the CRM already, where its shop module put them: they are found, edited one by one, never created.
There is no official machine-readable specification; requests follow the vendor's own clients and recorded answers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
from pydantic import Field, field_validator

from include.destinations.api import Api, Window
from include.destinations.base import (
    Batch,
    Capability,
    DestinationRefused,
    Limits,
    Member,
    Mode,
    Operation,
    ReadBack,
    Receipt,
    Rejection,
)
from include.destinations.credentials import Credentials
from include.destinations.retailcrm_customers import Customers, answer_of, refusal_of
from include.destinations.retailcrm_tasks import Task, Tasks, local
from include.destinations.rows import VendorRow, vendor
from include.destinations.values import json_value

PER_SECOND: Final = (Window(10, 1),)
"""Requests of one address; over it the answer is 503 (vendor's PHP client, its example of handling the limit)."""


class RetailcrmRow(VendorRow):
    """Settings row of a `retailcrm` destination.

    Attributes:
        site: code of the shop in the CRM; customers are looked for in it only.
        find_by: attribute of the audience with the shop's own customer id, which is the CRM's externalId; None finds
            customers by e-mail address. Who has no such id is looked for by e-mail address as well.
        tags: our audience of mode members -> its tag.
        key_field: code of the text field that holds the customer_key of whom we tagged.
        fields: our attribute -> code of the custom field it goes to (mode profiles).
        tasks: our audience of mode events -> the task.
        time_zone: the CRM account's; its dates carry none.
        batch_size: customers recorded together.
    """

    site: str = Field(min_length=1)
    find_by: str | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    key_field: str = Field(default="perennial_customer_key", pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    fields: dict[str, str] = Field(default_factory=dict)
    tasks: dict[str, Task] = Field(default_factory=dict)
    time_zone: str = "UTC"
    batch_size: int = Field(default=50, ge=1, le=500)

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("expected a time zone of the IANA database, such as Europe/Berlin") from error
        return value


class Retailcrm:
    """Edits customers one by one; each has an answer of its own."""

    capability = Capability.DELTA

    def __init__(self, row: RetailcrmRow, found: Credentials) -> None:
        if not found.host:
            raise DestinationRefused(
                f"{row.id}: the Airflow connection '{row.connection}' has no host, expected the account's address: "
                "https://<account>.retailcrm.<zone>."
            )
        self.limits = Limits(
            max_batch=row.batch_size,
            remove_needs_contact=True,
            modes=frozenset({Mode.MEMBERS, Mode.PROFILES, Mode.EVENTS}),
        )
        self._row = row
        address = f"{found.host.rstrip('/')}/api/v5"
        self._api = Api.of(row, address, {"X-API-KEY": found.secret()}, PER_SECOND)
        self._customers = Customers(self._api, row.site, row.find_by, row.key_field)
        self._tasks = Tasks(self._api, row.site, ZoneInfo(row.time_zone))

    def send(self, batch: Batch) -> Receipt:
        """Write to each customer; see `Destination.send`."""
        write = self._writer(batch)
        if write is None:
            return Receipt([member.customer_key for member in batch.members])
        untagging = batch.mode is Mode.MEMBERS and batch.operation is Operation.REMOVE
        found = self._customers.find(batch.members, ours=untagging)
        accepted: list[str] = []
        rejected: list[Rejection] = []
        ids: dict[str, str] = {}
        for member in batch.members:
            customer, why_not = found[member.customer_key]
            answer = write(member, customer) if customer else None
            if answer is not None and answer.status_code == 404:
                # Known from an earlier run, and merged into another customer or deleted since.
                again = self._customers.find((member,), afresh=True, ours=untagging)
                customer, why_not = again[member.customer_key]
                answer = write(member, customer) if customer else None
            if answer is None:
                if batch.operation is Operation.REMOVE and not why_not.ambiguous:
                    accepted.append(member.customer_key)
                else:
                    rejected.append(Rejection(member.customer_key, why_not.text, retryable=True))
            elif answer.is_success:
                accepted.append(member.customer_key)
                ids[member.customer_key] = str(customer)
            else:
                rejected.append(self._rejection(member, answer))
        return Receipt(accepted, rejected, ids)

    def read_back(self, audience: str) -> ReadBack | None:
        """Return how many customers of the site have the audience's tag; None for an audience without a tag."""
        if audience not in self._row.tags:
            return None
        return ReadBack(self._customers.count_with_tag(self._row.tags[audience]))

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def _writer(self, batch: Batch) -> Callable[[Member, str], httpx.Response] | None:
        if batch.mode is Mode.EVENTS:
            # What happened is told once and never taken back.
            return None if batch.operation is Operation.REMOVE else self._task_writer(batch.audience)
        if batch.mode is Mode.PROFILES:
            return self._field_writer(batch)
        tag = self._row.entry("tags", batch.audience)
        if batch.operation is Operation.REMOVE:
            return lambda member, customer: self._customers.edit(customer, {"removeTags": [tag]})
        return lambda member, customer: self._customers.edit(
            customer, {"addTags": [tag], "customFields": {self._row.key_field: member.customer_key}}
        )

    def _field_writer(self, batch: Batch) -> Callable[[Member, str], httpx.Response]:
        if not self._row.fields:
            raise self._row.lacks("fields", "<attribute>")
        if batch.operation is Operation.REMOVE:
            return lambda member, customer: self._customers.edit(
                customer, {"customFields": dict.fromkeys(self._row.fields.values())}
            )

        def write(member: Member, customer: str) -> httpx.Response:
            known = {name: code for name, code in self._row.fields.items() if name in member.attributes}
            values = {code: self._field(member.attributes[name]) for name, code in known.items()}
            return self._customers.edit(customer, {"customFields": values})

        return write

    def _field(self, value: Any) -> Any:
        # Date fields take a day; the CRM has no custom fields with a time.
        if isinstance(value, datetime):
            return local(value, ZoneInfo(self._row.time_zone)).date().isoformat()
        # Number fields refuse texts.
        return float(value) if isinstance(value, Decimal) else json_value(value)

    def _task_writer(self, audience: str) -> Callable[[Member, str], httpx.Response]:
        task: Task = self._row.entry("tasks", audience)

        def write(member: Member, customer: str) -> httpx.Response:
            key = member.attributes.get("trigger_key")
            if not key:
                raise DestinationRefused(
                    f"{self._row.id}: audience '{audience}' has no attribute 'trigger_key', which tells one event from "
                    "another; add it to its attributes in audiences.yml."
                )
            return self._tasks.tell_once(task, str(key), member, customer)

        return write

    def _rejection(self, member: Member, answer: httpx.Response) -> Rejection:
        if answer.status_code != 400:
            raise self._api.refused(answer, "editing a customer")
        if self._row.key_field in answer.text:
            raise DestinationRefused(
                f"{self._row.id}: the CRM does not take the text field '{self._row.key_field}' of customers; create it "
                "as docs/destinations/retailcrm.md says, or correct 'key_field' in destinations.yml."
            )
        return Rejection(member.customer_key, refusal_of(answer_of(answer), member), retryable=False)


DESTINATION = vendor(RetailcrmRow, Retailcrm)

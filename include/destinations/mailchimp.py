"""Destination `mailchimp`: tags on people of one list, or their merge fields. docs/destinations/mailchimp.md."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from pydantic import Field

from include.destinations.api import Api
from include.destinations.base import (
    Batch,
    Capability,
    Limits,
    Member,
    Mode,
    Operation,
    ReadBack,
    Receipt,
    Rejection,
)
from include.destinations.bisect import send_bisecting
from include.destinations.credentials import Credentials
from include.destinations.mailchimp_api import (
    MAX_CONNECTIONS,
    MAX_MEMBERS,
    NO_ADDRESS,
    NOT_THERE,
    MailchimpApi,
    address,
    base_url,
    errors_by_hash,
    is_throttling,
    subscriber_hash,
)
from include.destinations.mailchimp_fields import Fields
from include.destinations.rows import VendorRow, vendor
from include.destinations.scrub import scrub
from include.destinations.values import cut, together


class MailchimpRow(VendorRow):
    """Settings row of a `mailchimp` destination.

    Attributes:
        list_id: the audience (list) in Mailchimp whose people are tagged.
        tags: audience -> name of its tag, for audiences of mode members; a tag that is not there is created.
        merge_fields: contact field or attribute -> merge tag, for audiences of mode profiles.
        status_if_new: `transactional` puts people on the list who are not there, as contacts that get no marketing.
            Without it they are rejected, and tried again by each run.
        connections: requests at a time where people are written one by one.
    """

    list_id: str = Field(min_length=1)
    tags: dict[str, str] = Field(default_factory=dict)
    merge_fields: dict[str, str] = Field(default_factory=dict)
    status_if_new: Literal["transactional"] | None = None
    batch_size: int = Field(default=MAX_MEMBERS, ge=1, le=MAX_MEMBERS)
    connections: int = Field(default=4, ge=1, le=MAX_CONNECTIONS)
    timeout_seconds: float = Field(default=120, gt=0, le=600)


class Mailchimp:
    """Keeps one Mailchimp list up to date."""

    capability = Capability.DELTA

    def __init__(self, row: MailchimpRow, found: Credentials) -> None:
        modes = frozenset({Mode.MEMBERS, Mode.PROFILES})
        self.limits = Limits(max_batch=row.batch_size, remove_needs_contact=True, modes=modes)
        self._row = row
        # Basic authentication; Mailchimp ignores the user.
        token = base64.b64encode(f"perennial:{found.secret()}".encode()).decode()
        self._api = Api.of(row, base_url(found), {"Authorization": f"Basic {token}"}, throttles=is_throttling)
        self._mailchimp = MailchimpApi(self._api, row.list_id)
        self._tags: dict[str, int] = {}

    def send(self, batch: Batch) -> Receipt:
        """Carry out a batch; see `Destination.send`."""
        if batch.mode is Mode.PROFILES:
            return self._write_fields(batch)
        tag = self._tag(batch.audience)
        if batch.operation is Operation.REMOVE:
            parts = cut(batch.members, MAX_MEMBERS, MAX_MEMBERS, lambda one: 1)
            return together(
                [send_bisecting(tuple(p), lambda some: self._untag(tag, some), batch.destination) for p in parts]
            )
        nameless = [Rejection(one.customer_key, NO_ADDRESS, False) for one in batch.members if not address(one)]
        named = [member for member in batch.members if address(member)]
        receipts = [Receipt([], nameless)]
        for part in cut(named, MAX_MEMBERS, MAX_MEMBERS, lambda one: 1):
            receipts.append(send_bisecting(tuple(part), lambda some: self._tag_people(tag, some), batch.destination))
        return together(receipts)

    def read_back(self, audience: str) -> ReadBack | None:
        """Count the people who carry the audience's tag; Mailchimp knows no customer_key. None without a tag."""
        name = self._row.tags.get(audience)
        tag = self._mailchimp.tag_id(name, create=False) if name else None
        return None if tag is None else ReadBack(self._mailchimp.tag_size(tag))

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def _tag(self, audience: str) -> int:
        name = self._row.entry("tags", audience)
        if audience not in self._tags:
            found = self._mailchimp.tag_id(name, create=True)
            assert found is not None
            self._tags[audience] = found
        return self._tags[audience]

    def _tag_people(self, tag: int, members: tuple[Member, ...]) -> Receipt:
        ids, errors = self._add(tag, members)
        if self._row.status_if_new and len(ids) < len(members):
            absent = [member for member in members if member.customer_key not in ids | errors.keys()]
            refused = {one.customer_key: self._mailchimp.create_transactional(address(one)) for one in absent}
            created = tuple(one for one in absent if refused[one.customer_key] is None)
            errors |= {key: said for key, said in refused.items() if said is not None}
            if created:
                more, their_errors = self._add(tag, created)
                ids, errors = ids | more, errors | their_errors
        rejected = [
            # An absent person may sign up tomorrow; what Mailchimp says of somebody may change there as well.
            Rejection(member.customer_key, scrub(errors.get(member.customer_key, NOT_THERE), member), True)
            for member in members
            if member.customer_key not in ids
        ]
        self._untag_former_addresses(tag, members, ids)
        return Receipt(list(ids), rejected, ids)

    def _add(self, tag: int, members: Sequence[Member]) -> tuple[dict[str, str], dict[str, str]]:
        """Tag people; return customer_key -> unique_email_id of the tagged, and customer_key -> error of others."""
        answer = self._mailchimp.change(tag, "members_to_add", [address(member) for member in members], members)
        hashes = {member.customer_key: subscriber_hash(address(member)) for member in members}
        ids = {one["id"]: one["unique_email_id"] for one in answer.get("members_added") or []}
        # Mailchimp ignores who is not on the list, and does not name who carried the tag before.
        unnamed = [one for one in hashes.values() if one not in ids]
        if unnamed:
            ids |= self._mailchimp.tagged(tag, unnamed)
        said = errors_by_hash(answer)
        tagged = {key: ids[one] for key, one in hashes.items() if one in ids}
        errors = {key: said[one] for key, one in hashes.items() if one in said and key not in tagged}
        return tagged, errors

    def _untag_former_addresses(self, tag: int, members: Sequence[Member], ids: Mapping[str, str]) -> None:
        """Take the tag off the address a customer had before: for Mailchimp that is another person."""
        for member in members:
            if member.external_id and ids.get(member.customer_key, member.external_id) != member.external_id:
                former = self._mailchimp.hash_of(member.external_id)
                if former:
                    self._mailchimp.untag(tag, former)

    def _untag(self, tag: int, members: tuple[Member, ...]) -> Receipt:
        emails = {member.customer_key: address(member) for member in members if address(member)}
        answer: dict[str, Any] = {}
        if emails:
            answer = self._mailchimp.change(tag, "members_to_remove", list(emails.values()), members)
        removed = {one["unique_email_id"]: one["id"] for one in answer.get("members_removed") or []}
        for member in members:
            # The address may have changed since the member was tagged, or the contact is gone.
            if member.external_id and member.external_id not in removed:
                former = self._mailchimp.hash_of(member.external_id)
                if former:
                    self._mailchimp.untag(tag, former)
        hashes = {key: subscriber_hash(email) for key, email in emails.items()}
        unnamed = [one for one in hashes.values() if one not in removed.values()]
        still = self._mailchimp.tagged(tag, unnamed) if unnamed else {}
        said = errors_by_hash(answer)
        rejected = [
            Rejection(member.customer_key, scrub(said.get(hashes[member.customer_key], "still tagged"), member), True)
            for member in members
            if hashes.get(member.customer_key) in still
        ]
        kept = {rejection.customer_key for rejection in rejected}
        return Receipt([member.customer_key for member in members if member.customer_key not in kept], rejected)

    def _write_fields(self, batch: Batch) -> Receipt:
        for name in batch.attributes:
            self._row.entry("merge_fields", name)
        if batch.operation is Operation.REMOVE and not batch.attributes:
            return Receipt([member.customer_key for member in batch.members])
        fields = Fields(self._mailchimp, self._row.merge_fields)
        with ThreadPoolExecutor(self._row.connections) as pool:
            return together(list(pool.map(lambda one: fields.carry_out(batch, one), batch.members)))


DESTINATION = vendor(MailchimpRow, Mailchimp)

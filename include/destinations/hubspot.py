"""Destination `hubspot`: members of a manual list, or properties of contacts. docs/destinations/hubspot.md."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from pydantic import Field

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
from include.destinations.bisect import send_bisecting
from include.destinations.credentials import Credentials
from include.destinations.hubspot_api import (
    BASE_URL,
    CONTACT_TYPE,
    KEPT_LISTS,
    MAX_INPUTS,
    PAGE,
    HubSpotApi,
    refuse_reserved,
)
from include.destinations.hubspot_contacts import address, contact_properties, failures, known_ids
from include.destinations.rows import VendorRow, vendor
from include.destinations.values import cut, together

log = logging.getLogger(__name__)


class HubSpotRow(VendorRow):
    """Settings row of a `hubspot` destination.

    Attributes:
        lists: audience -> id of its manual list, for audiences of mode members.
        properties: attribute -> internal name of the contact property it is written to; others are not written.
        key_property: internal name of the text property that holds the customer_key.
        requests_per_10_seconds: limit of the account's private apps.
        read_back_keys_up_to: larger lists are only counted.
    """

    lists: dict[str, str] = Field(default_factory=dict)
    properties: dict[str, str] = Field(default_factory=dict)
    key_property: str = Field(default="perennial_customer_key", pattern=r"^[a-z][a-z0-9_]*$")
    batch_size: int = Field(default=1000, ge=1, le=10_000)
    requests_per_10_seconds: int = Field(default=100, ge=1, le=1000)
    read_back_keys_up_to: int = Field(default=20_000, ge=0)


class HubSpot:
    """Keeps one HubSpot account up to date."""

    capability = Capability.DELTA

    def __init__(self, row: HubSpotRow, found: Credentials) -> None:
        modes = frozenset({Mode.MEMBERS, Mode.PROFILES})
        self.limits = Limits(max_batch=row.batch_size, remove_needs_contact=True, modes=modes)
        self._row = row
        headers = {"Authorization": f"Bearer {found.secret()}"}
        self._api = Api.of(row, found.host or BASE_URL, headers, (Window(row.requests_per_10_seconds, 10),))
        self._hubspot = HubSpotApi(self._api, row.key_property)
        self._checked: set[str] = set()
        refuse_reserved(row.properties.values(), row.id)

    def send(self, batch: Batch) -> Receipt:
        """Carry out a batch; see `Destination.send`."""
        list_id = self._list(batch.audience) if batch.mode is Mode.MEMBERS else None
        if batch.mode is Mode.PROFILES:
            for name in batch.attributes:
                self._row.entry("properties", name)
        removing = batch.operation is Operation.REMOVE

        def send_part(members: tuple[Member, ...]) -> Receipt:
            if not removing:
                return self._put(batch, members, list_id)
            return self._take_out(members, list_id) if list_id else self._clear(batch, members)

        parts = cut(batch.members, MAX_INPUTS, MAX_INPUTS, lambda one: 1)
        return together([send_bisecting(tuple(part), send_part, batch.destination) for part in parts])

    def read_back(self, audience: str) -> ReadBack | None:
        """Count the audience's list and, unless it is too long, read its members' keys; None without a list."""
        list_id = self._row.lists.get(audience)
        found = self._hubspot.list_of(list_id) if list_id else None
        if not list_id or found is None:
            return None
        size = found.get("size")
        if size is not None and size > self._row.read_back_keys_up_to:
            return ReadBack(int(size))
        ids = list(self._hubspot.members(list_id))
        contacts = [one for part in cut(ids, PAGE, PAGE, lambda one: 1) for one in self._hubspot.by_id(part)]
        keys = frozenset(key for one in contacts if (key := one["properties"].get(self._row.key_property)))
        return ReadBack(len(ids), keys)

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def _list(self, audience: str) -> str:
        list_id: str = self._row.entry("lists", audience)
        if list_id not in self._checked:
            found = self._hubspot.list_of(list_id) or {}
            kind, of = found.get("processingType"), found.get("objectTypeId")
            if kind not in KEPT_LISTS or of != CONTACT_TYPE:
                raise DestinationRefused(
                    f"{self._row.id}: HubSpot's list '{list_id}' is {kind or 'not there'} of {of or 'nothing'}, "
                    f"expected a MANUAL list of contacts ({CONTACT_TYPE}); correct 'lists' in destinations.yml."
                )
            self._checked.add(list_id)
        return list_id

    def _put(self, batch: Batch, members: tuple[Member, ...], list_id: str | None) -> Receipt:
        nameless = [one for one in members if not address(one)]
        rejected = {
            one.customer_key: Rejection(one.customer_key, "no e-mail address, by which contacts are found", False)
            for one in nameless
        }
        named = [member for member in members if address(member)]
        inputs = [
            {"id": address(one), "idProperty": "email", "properties": contact_properties(one, self._row)}
            for one in named
        ]
        answer = self._hubspot.write("upsert", inputs, named) if inputs else {"results": []}
        # By our key: the address in an answer is the contact's first one, which may be another than the one sent.
        by_key = {one["properties"].get(self._row.key_property): str(one["id"]) for one in answer["results"]}
        ids = {one.customer_key: by_key[one.customer_key] for one in named if one.customer_key in by_key}
        absent = [member for member in named if member.customer_key not in ids]
        # Who is missing without an error is not in the list for certain; what was written to a profile is unknown.
        rejected |= failures(answer, absent, also_unnamed=list_id is not None)
        moved = {
            one.external_id: one
            for one in named
            if one.external_id and ids.get(one.customer_key, one.external_id) != one.external_id
        }
        if list_id and ids:
            return self._join(list_id, ids, moved, rejected)
        if moved:
            self._empty(moved, batch)
        return Receipt(list(ids), list(rejected.values()), ids)

    def _join(
        self, list_id: str, ids: Mapping[str, str], moved: Mapping[str, Member], rejected: Mapping[str, Rejection]
    ) -> Receipt:
        """Put contacts into the list, and out of it those their customers were before their address changed."""
        said = self._hubspot.change(list_id, list(ids.values()), list(moved))
        named = said["added"] | said["removed"] | said["missing"]
        held = self._hubspot.held(list_id, [one for one in [*ids.values(), *moved] if one not in named])
        there = said["added"] | held
        stayed = {moved[one].customer_key for one in held & moved.keys()}
        accepted = [key for key, one in ids.items() if one in there and key not in stayed]
        unseen = len(ids) - len(accepted)
        if unseen:
            # A rejection would say that they are certainly not in the list, and nobody would take them out when they
            # leave. In neither list of the receipt they are sent again, and removed to be safe.
            log.warning("%s: %d contacts are not in the list as they should be", self._row.id, unseen)
        known = {key: one for key, one in ids.items() if key not in stayed}
        return Receipt(accepted, list(rejected.values()), known)

    def _take_out(self, members: tuple[Member, ...], list_id: str) -> Receipt:
        ids = known_ids(self._hubspot, members, self._row.key_property)
        settled: set[str] = set()
        if ids:
            said = self._hubspot.change(list_id, [], sorted(set(ids.values())))
            settled = said["removed"] | said["missing"]
            merged = [one for one in members if ids.get(one.customer_key) in said["missing"]]
            # HubSpot's id of a contact changes when it is merged into another, which keeps our key.
            again = known_ids(self._hubspot, [_forgetful(one) for one in merged], self._row.key_property)
            if again:
                said = self._hubspot.change(list_id, [], sorted(set(again.values())))
                settled |= said["removed"] | said["missing"]
                ids |= again
        still = self._hubspot.held(list_id, [one for one in ids.values() if one not in settled])
        # Whom HubSpot does not know is in no list of it.
        kept = {member.customer_key for member in members if ids.get(member.customer_key) in still}
        rejected = [Rejection(key, "HubSpot did not take the contact out of the list", True) for key in sorted(kept)]
        return Receipt([member.customer_key for member in members if member.customer_key not in kept], rejected)

    def _clear(self, batch: Batch, members: tuple[Member, ...]) -> Receipt:
        ids = known_ids(self._hubspot, members, self._row.key_property) if batch.attributes else {}
        held = [member for member in members if member.customer_key in ids]
        refused = self._empty({ids[member.customer_key]: member for member in held}, batch)
        done = [member.customer_key for member in members if member.customer_key not in refused]
        return Receipt(done, list(refused.values()))

    def _empty(self, owners: Mapping[str, Member], batch: Batch) -> dict[str, Rejection]:
        """Empty the attributes' properties of contacts, given by id; returns the rejections by customer_key."""
        present = {str(one["id"]) for one in self._hubspot.by_id(list(owners))}
        owners = {one: member for one, member in owners.items() if one in present}
        if not owners:
            return {}
        # "Properties values can be cleared by passing an empty string" (batch/update).
        emptied: dict[str, Any] = {self._row.properties[name]: "" for name in batch.attributes}
        inputs = [{"id": one, "properties": emptied} for one in owners]
        answer = self._hubspot.write("update", inputs, list(owners.values()))
        written = {str(one["id"]) for one in answer["results"]}
        return failures(answer, [member for one, member in owners.items() if one not in written])


def _forgetful(member: Member) -> Member:
    return Member(member.customer_key, member.token, None, member.contact)


DESTINATION = vendor(HubSpotRow, HubSpot)

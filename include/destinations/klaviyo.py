"""Destination `klaviyo`: members of a list, properties of profiles, or events. docs/destinations/klaviyo.md."""

from __future__ import annotations

import logging
from typing import Any

from pydantic import Field

from include.destinations.api import Api
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
)
from include.destinations.bisect import BatchRefused, send_bisecting
from include.destinations.credentials import Credentials
from include.destinations.klaviyo_api import (
    BASE_URL,
    MAX_BODY_BYTES,
    MAX_EVENTS,
    MAX_IDS,
    MAX_PROFILE_BYTES,
    MAX_PROFILES,
    REVISION,
    KlaviyoApi,
)
from include.destinations.klaviyo_people import known_ids, seen_ids
from include.destinations.klaviyo_rows import (
    UNIQUE_ID,
    bulk,
    event,
    failed,
    profile_json,
    rejection,
    size,
    unset,
)
from include.destinations.rows import VendorRow, vendor
from include.destinations.values import cut, together

log = logging.getLogger(__name__)


class KlaviyoRow(VendorRow):
    """Settings row of a `klaviyo` destination; waits are in seconds.

    Attributes:
        lists: audience -> id of its Klaviyo list, for audiences of mode members.
        metrics: audience -> name of its metric, for audiences of mode events.
        poll_seconds: between two looks at an import job.
        job_timeout_seconds: how long a job may take.
        connections: requests at a time where people are looked for, a hundred in each.
        confirm_attempts: how often a finished import is looked for before a member counts as silently ignored.
        read_back_keys_up_to: larger lists are only counted.
    """

    lists: dict[str, str] = Field(default_factory=dict)
    metrics: dict[str, str] = Field(default_factory=dict)
    batch_size: int = Field(default=MAX_PROFILES, ge=1, le=MAX_PROFILES)
    poll_seconds: float = Field(default=2, gt=0, le=60)
    job_timeout_seconds: float = Field(default=1800, gt=0, le=86_400)
    connections: int = Field(default=4, ge=1, le=10)
    confirm_attempts: int = Field(default=5, ge=1, le=100)
    read_back_keys_up_to: int = Field(default=20_000, ge=0)


class Klaviyo:
    """Keeps one Klaviyo account up to date."""

    capability = Capability.DELTA

    def __init__(self, row: KlaviyoRow, found: Credentials) -> None:
        self.limits = Limits(max_batch=row.batch_size, modes=frozenset(Mode))
        self._row = row
        headers = {
            "Authorization": f"Klaviyo-API-Key {found.secret()}",
            "revision": REVISION,
            "Content-Type": "application/vnd.api+json",
            "Accept": "application/vnd.api+json",
        }
        self._api = Api.of(row, found.host or BASE_URL, headers)
        self._klaviyo = KlaviyoApi(self._api, row.poll_seconds, row.job_timeout_seconds, row.connections)

    def send(self, batch: Batch) -> Receipt:
        """Carry out a batch; see `Destination.send`."""
        if batch.mode is Mode.EVENTS:
            return self._tell(batch)
        list_id = self._row.entry("lists", batch.audience) if batch.mode is Mode.MEMBERS else None
        if batch.operation is not Operation.REMOVE:
            return self._import(batch, list_id)
        return self._take_off(batch, list_id) if list_id else self._clear(batch)

    def read_back(self, audience: str) -> ReadBack | None:
        """Count the audience's list and, unless it is too long, read its members' keys; None without a list."""
        list_id = self._row.lists.get(audience)
        count = self._klaviyo.count(list_id) if list_id else None
        if count is None:
            return None
        if count > self._row.read_back_keys_up_to:
            return ReadBack(count)
        found = [one["attributes"].get("external_id") for one in self._klaviyo.profiles(_in_list(list_id), {})]
        return ReadBack(len(found), frozenset(key for key in found if key))

    def close(self) -> None:
        """Close the connections."""
        self._api.close()

    def _import(self, batch: Batch, list_id: str | None) -> Receipt:
        shaped = {member.customer_key: profile_json(member) for member in batch.members}
        sizes = {key: size(one) for key, one in shaped.items()}
        large = [member for member in batch.members if sizes[member.customer_key] > MAX_PROFILE_BYTES]
        receipts = [Receipt([], [rejection(one, "larger than Klaviyo's 100 KB per profile") for one in large])]
        fitting = [member for member in batch.members if member not in large] if large else batch.members

        def send_part(members: tuple[Member, ...]) -> Receipt:
            return self._import_part(members, [shaped[member.customer_key] for member in members], list_id)

        for part in cut(fitting, MAX_PROFILES, MAX_BODY_BYTES, lambda one: sizes[one.customer_key]):
            receipts.append(send_bisecting(tuple(part), send_part, batch.destination))
        return together(receipts)

    def _import_part(self, members: tuple[Member, ...], profiles: list[Any], list_id: str | None) -> Receipt:
        errors = self._klaviyo.run_import(profiles, list_id, members)
        rejected = failed(errors, members)
        imported = [member for member in members if member.customer_key not in rejected]
        path = _in_list(list_id) if list_id else "/api/profiles"
        ids = seen_ids(self._klaviyo, imported, path, self._row.confirm_attempts, self._row.poll_seconds)
        unseen = len(imported) - len(ids)
        if unseen:
            # Ignored, or there and not shown yet: a rejection would say that they are certainly not there, and then
            # nobody would take them off when they leave. In neither list they are sent again, and removed to be safe.
            place = "in the list" if list_id else "to be found"
            log.warning("%s: %d profiles of a complete import are not %s", self._row.id, unseen, place)
        return Receipt(list(ids), list(rejected.values()), ids)

    def _take_off(self, batch: Batch, list_id: str) -> Receipt:
        def send_part(members: tuple[Member, ...]) -> Receipt:
            ids = known_ids(self._klaviyo, members)
            held = [member for member in members if member.customer_key in ids]
            if held:
                self._off(list_id, held, ids)
            # Whom Klaviyo does not know is in no list of it.
            return Receipt([member.customer_key for member in members])

        parts = cut(batch.members, MAX_IDS, MAX_IDS, lambda one: 1)
        return together([send_bisecting(tuple(part), send_part, batch.destination) for part in parts])

    def _off(self, list_id: str, held: list[Member], ids: dict[str, str]) -> None:
        try:
            self._klaviyo.take_off(list_id, [ids[member.customer_key] for member in held], held)
        except BatchRefused:
            if not self._klaviyo.has_list(list_id):
                raise DestinationRefused(
                    f"{self._row.id}: Klaviyo has no list '{list_id}'; correct 'lists' in destinations.yml."
                ) from None
            # An id that only we remember may be of a profile that was deleted there: nothing is left to remove.
            if len(held) > 1 or not self._is_gone(ids[held[0].customer_key]):
                raise

    def _is_gone(self, profile_id: str) -> bool:
        return not list(self._klaviyo.find("/api/profiles", "id", [profile_id]))

    def _clear(self, batch: Batch) -> Receipt:
        ids = known_ids(self._klaviyo, batch.members) if batch.attributes else {}
        held = tuple(member for member in batch.members if member.customer_key in ids)
        # Whom Klaviyo does not know has nothing to clear.
        done = Receipt([member.customer_key for member in batch.members if member.customer_key not in ids])
        if not held:
            return done

        def send_part(members: tuple[Member, ...]) -> Receipt:
            # By id and without a key: an import that knows no profile would create one.
            profiles = [
                {"type": "profile", "id": ids[one.customer_key], "attributes": {}} | unset(batch.attributes)
                for one in members
            ]
            rejected = failed(self._klaviyo.run_import(profiles, None, members), members)
            kept = [one.customer_key for one in members if one.customer_key not in rejected]
            return Receipt(kept, list(rejected.values()))

        return together([done, send_bisecting(held, send_part, batch.destination)])

    def _tell(self, batch: Batch) -> Receipt:
        metric = self._row.entry("metrics", batch.audience)
        if batch.operation is Operation.REMOVE:
            return Receipt([member.customer_key for member in batch.members])  # what happened stays
        if UNIQUE_ID not in batch.attributes:
            raise DestinationRefused(
                f"{self._row.id}: audience '{batch.audience}' is of mode events and has no attribute '{UNIQUE_ID}', by "
                "which Klaviyo would know an event that comes twice; add it in audiences.yml."
            )
        named = [member for member in batch.members if member.attributes.get(UNIQUE_ID)]
        events = {member.customer_key: event(member, metric) for member in named}
        nameless = [member for member in batch.members if member.customer_key not in events]
        receipts = [Receipt([], [rejection(member, f"no {UNIQUE_ID}") for member in nameless])]
        for part in cut(named, MAX_EVENTS, MAX_BODY_BYTES, lambda one: size(bulk(events[one.customer_key]))):
            receipts.append(self._tell_part(tuple(part), events, batch.destination))
        return together(receipts)

    def _tell_part(self, part: tuple[Member, ...], events: dict[str, Any], who: str) -> Receipt:
        try:
            self._klaviyo.tell_all([bulk(events[member.customer_key]) for member in part], part)
        except BatchRefused as refused:
            # One event that was told before fails them all. One by one, such an event is ignored instead.
            whole = refused
        else:
            return Receipt([member.customer_key for member in part])

        def send_part(members: tuple[Member, ...]) -> Receipt:
            if len(members) > 1:
                raise whole
            self._klaviyo.tell(events[members[0].customer_key], members[0])
            return Receipt([members[0].customer_key])

        return send_bisecting(part, send_part, who)


def _in_list(list_id: str | None) -> str:
    return f"/api/lists/{list_id}/profiles"


DESTINATION = vendor(KlaviyoRow, Klaviyo)

"""HubSpot's dated API 2026-09 as far as the destination needs it: contacts in batches, members of a manual list.

Nothing here archives, deletes or merges contacts, empties a list or writes a subscription: those addresses are not
known to this module, and `refuse_reserved` keeps such properties out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from include.destinations.api import Api, Window
from include.destinations.base import DestinationRefused, DestinationUnavailable, Member
from include.destinations.bisect import BatchRefused
from include.destinations.scrub import scrub

BASE_URL = "https://api.hubapi.com"
CONTACTS = "/crm/objects/2026-09/contacts"
LISTS = "/crm/lists/2026-09"
CONTACT_TYPE = "0-1"

# HubSpot's developer documentation, usage guidelines: 100 inputs a batch; private apps 100 (free, starter) to 190
# requests in 10 seconds; search 5 a second. The OpenAPI description has no limits.
MAX_INPUTS = 100
SEARCH = (Window(5, 1),)
PAGE = 100

KEPT_LISTS = frozenset({"MANUAL", "SNAPSHOT"})
ROW_REFUSALS = frozenset({400, 409, 413, 422})
# Who may be written to, and whether they count as marketing contacts, is decided in HubSpot.
RESERVED = ("hs_marketable", "hs_email_optout", "hs_legal_basis", "hs_object_id")


def refuse_reserved(properties: Iterable[str], who: str) -> None:
    """Refuse to write properties that stand for consent.

    Raises:
        DestinationRefused: names them.
    """
    found = sorted(name for name in properties if name.lower().startswith(RESERVED))
    if found:
        raise DestinationRefused(
            f"{who}: {', '.join(found)} says who may be written to and is never written; see 'properties'."
        )


class HubSpotApi:
    """The calls, and what each kind of answer means."""

    def __init__(self, api: Api, key_property: str) -> None:
        self._api = api
        self._key = key_property

    def list_of(self, list_id: str) -> dict[str, Any] | None:
        """Return a list's description, None when there is no such list."""
        response = self._api.request("GET", f"{LISTS}/{list_id}")
        return None if response.status_code == 404 else self._read(response, "reading a list")["list"]

    def write(self, operation: str, inputs: list[dict[str, Any]], members: Sequence[Member]) -> dict[str, Any]:
        """Write contacts; `operation` is `upsert` or `update`.

        Returns:
            The answer with `results` and `errors`, also when only some were written.

        Raises:
            BatchRefused: the body was refused as a whole.
            DestinationRefused: HubSpot lacks a property.
        """
        response = self._api.request("POST", f"{CONTACTS}/batch/{operation}", json={"inputs": inputs})
        if response.status_code in ROW_REFUSALS:
            said = _answer(response)
            if "PROPERTY_DOESNT_EXIST" in response.text:
                raise DestinationRefused(
                    f"{self._api.who}: HubSpot has no such contact property as one of those written; create them as "
                    "docs/destinations/hubspot.md says, or correct 'properties' in destinations.yml."
                )
            reason = f": {scrub(str(said.get('message') or ''), members[0])}" if len(members) == 1 else ""
            raise BatchRefused(f"HTTP {response.status_code}{reason}")
        answer = self._read(response, "writing contacts")
        if answer.get("status") != "COMPLETE":
            raise DestinationUnavailable(f"{self._api.who}: HubSpot's batch is '{answer.get('status')}', not COMPLETE.")
        return answer

    def by_email(self, emails: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the contacts of up to 100 addresses."""
        yield from self._read_batch(emails, {"idProperty": "email"})

    def by_id(self, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield up to 100 contacts by HubSpot's ids."""
        yield from self._read_batch(ids, {})

    def by_key(self, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the contacts that carry up to 100 of our keys; HubSpot's search lags some seconds behind writing."""
        one = {"propertyName": self._key, "operator": "IN", "values": list(keys)}
        body = {
            "filterGroups": [{"filters": [one]}],
            "properties": ["email", self._key],
            "sorts": [],
            "limit": PAGE * 2,
            "after": "0",
        }
        response = self._api.request("POST", f"{CONTACTS}/search", json=body, key="search", windows=SEARCH)
        yield from self._read(response, "searching contacts")["results"]

    def change(self, list_id: str, add: Sequence[str], remove: Sequence[str]) -> dict[str, set[str]]:
        """Put contacts into a list and take others out.

        Returns:
            `added`, `removed` and `missing` ids as HubSpot named them; it leaves others unnamed.
        """
        body = {"recordIdsToAdd": list(add), "recordIdsToRemove": list(remove)}
        response = self._api.request("PUT", f"{LISTS}/{list_id}/memberships/add-and-remove", json=body)
        answer = self._read(response, "changing a list's members")
        names = {"added": "recordsIdsAdded", "removed": "recordIdsRemoved", "missing": "recordIdsMissing"}
        return {ours: {str(one) for one in answer.get(theirs) or []} for ours, theirs in names.items()}

    def held(self, list_id: str, ids: Sequence[str]) -> set[str]:
        """Return which of up to 100 contacts are in a list."""
        if not ids:
            return set()
        inputs = [{"objectTypeId": CONTACT_TYPE, "recordId": one} for one in ids]
        response = self._api.request("POST", f"{LISTS}/records/memberships/batch/read", json={"inputs": inputs})
        results = self._read(response, "reading memberships")["results"]
        return {
            str(one["recordId"])
            for one in results
            if list_id in [str(membership["listId"]) for membership in one["recordListMemberships"]]
        }

    def members(self, list_id: str) -> Iterator[str]:
        """Yield the ids of all contacts in a list."""
        after: str | None = None
        while True:
            params: dict[str, str | int] = {"limit": PAGE} | ({"after": after} if after else {})
            response = self._api.request("GET", f"{LISTS}/{list_id}/memberships", params=params)
            answer = self._read(response, "reading a list's members")
            yield from (str(one["recordId"]) for one in answer["results"])
            after = ((answer.get("paging") or {}).get("next") or {}).get("after")
            if not after:
                return

    def _read_batch(self, ids: Sequence[str], more: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        if not ids:
            return
        body = {
            "inputs": [{"id": one} for one in ids],
            "properties": ["email", self._key],
            "propertiesWithHistory": [],
        }
        response = self._api.request("POST", f"{CONTACTS}/batch/read", json=body | dict(more))
        yield from self._read(response, "reading contacts")["results"]

    def _read(self, response: httpx.Response, doing: str) -> dict[str, Any]:
        answer = _answer(response)
        if not response.is_success or not answer:
            raise self._api.refused(response, doing)
        return answer


def _answer(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}

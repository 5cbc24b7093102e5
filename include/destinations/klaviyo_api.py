"""Klaviyo's API as far as the destination needs it: import jobs, list membership, lookups, events.

Nothing here can subscribe, unsubscribe, suppress or delete: those addresses are not known to this module.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from include.destinations.api import Api, Window
from include.destinations.base import DestinationRefused, DestinationUnavailable, Member
from include.destinations.bisect import BatchRefused
from include.destinations.scrub import scrub
from include.destinations.values import cut

REVISION = "2026-07-15"
BASE_URL = "https://a.klaviyo.com"

# From Klaviyo's OpenAPI description, revision 2026-07-15: "Accepts up to 10,000 profiles per request. The maximum
# allowed payload size is 5MB. The maximum allowed payload size per-profile is 100KB." (profile-bulk-import-jobs), "up
# to 1,000 events per request" (event-bulk-create-jobs), "a maximum of 1000 profiles per call" (lists), page[size].
MAX_PROFILES = 10_000
MAX_EVENTS = 1_000
MAX_IDS = 1_000
MAX_BODY_BYTES = 5_000_000 - 2_000  # the envelope around the rows
MAX_PROFILE_BYTES = 100_000
PAGE = 100
FILTER_CHARACTERS = 4_000  # keeps the address below the 8 KB at which proxies cut it

# x-klaviyo-ratelimit of the operations used, burst and steady; get_list with profile_count has its own in the prose.
SLOW = (Window(10, 1), Window(150, 60))
FAST = (Window(75, 1), Window(750, 60))
EVENT = (Window(350, 1), Window(3500, 60))
COUNT = (Window(1, 1), Window(15, 60))

ROW_REFUSALS = frozenset({400, 409, 413, 422})


def refusal(response: httpx.Response, members: Sequence[Member]) -> BatchRefused:
    """Make the error for a refused body; its text is kept only when it can be about one member alone."""
    reason = f"HTTP {response.status_code}"
    try:
        first = response.json()["errors"][0]
        said = f"{first['code']}: {first['detail']}"
    except (ValueError, KeyError, IndexError, TypeError):
        said = ""
    return BatchRefused(reason + (f": {scrub(said, members[0])}" if said and len(members) == 1 else ""))


class KlaviyoApi:
    """The calls, with their limits and what each kind of answer means."""

    def __init__(self, api: Api, poll_seconds: float, job_timeout_seconds: float, connections: int) -> None:
        self._api = api
        self._poll = poll_seconds
        self._job_timeout = job_timeout_seconds
        self._connections = connections

    def run_import(self, profiles: list[dict[str, Any]], list_id: str | None, members: Sequence[Member]) -> list[Any]:
        """Import profiles, wait for the job and return its errors.

        Returns:
            The import errors, as many as failed.

        Raises:
            BatchRefused: the whole import was refused, or errors are missing that the job counted.
            DestinationUnavailable: the job did not end in time or was cancelled.
        """
        job: dict[str, Any] = {
            "type": "profile-bulk-import-job",
            "attributes": {"profiles": {"data": profiles}},
        }
        if list_id:
            job["relationships"] = {"lists": {"data": [{"type": "list", "id": list_id}]}}
        response = self._api.request(
            "POST", "/api/profile-bulk-import-jobs", json={"data": job}, key="import", windows=SLOW
        )
        if response.status_code in ROW_REFUSALS:
            raise refusal(response, members)
        job_id = self._data(response, "creating a profile import job")["id"]
        done = self._wait(job_id)
        if not done.get("failed_count"):
            return []
        path = f"/api/profile-bulk-import-jobs/{job_id}/import-errors"
        errors = list(self._pages(path, {"page[size]": PAGE}, "errors", SLOW))
        if len(errors) < done["failed_count"]:
            raise BatchRefused("Klaviyo counted a failed profile and gave no reason")
        return errors

    def find(self, path: str, field: str, values: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the profiles under `path` whose `field` is one of `values`: id and attributes as Klaviyo gives them."""

        def look(part: list[str]) -> list[dict[str, Any]]:
            return list(self.profiles(path, {"filter": f"any({field},[{','.join(part)}])"}))

        parts = cut([json.dumps(value, ensure_ascii=False) for value in values], PAGE, FILTER_CHARACTERS, len)
        # Several at once: one after the other, the way there and back takes longer than Klaviyo's limit asks for.
        with ThreadPoolExecutor(self._connections) as pool:
            for found in pool.map(look, parts):
                yield from found

    def profiles(self, path: str, params: dict[str, str | int]) -> Iterator[dict[str, Any]]:
        """Yield profiles page by page with their identifiers only."""
        wanted = {"fields[profile]": "email,phone_number,external_id", "page[size]": PAGE}
        yield from self._pages(path, wanted | params, path, FAST)

    def take_off(self, list_id: str, ids: Sequence[str], members: Sequence[Member]) -> None:
        """Take profiles off a list; neither profile nor consent changes.

        Raises:
            BatchRefused: Klaviyo refused the ids, one of them may be gone.
        """
        body = {"data": [{"type": "profile", "id": one} for one in ids]}
        path = f"/api/lists/{list_id}/relationships/profiles"
        response = self._api.request("DELETE", path, json=body, key="take_off", windows=SLOW)
        if response.status_code in ROW_REFUSALS | {404}:
            raise refusal(response, members)
        if not response.is_success:
            raise self._api.refused(response, "taking profiles off a list")

    def count(self, list_id: str) -> int | None:
        """Return how many profiles a list holds, None when there is no such list."""
        params = {"additional-fields[list]": "profile_count"}
        response = self._api.request("GET", f"/api/lists/{list_id}", params=params, key="count", windows=COUNT)
        if response.status_code == 404:
            return None
        return int(self._data(response, "counting a list")["attributes"].get("profile_count") or 0)

    def has_list(self, list_id: str) -> bool:
        """Whether there is such a list; unlike `count` this has a high rate limit."""
        response = self._api.request("GET", f"/api/lists/{list_id}", key="list", windows=FAST)
        return response.status_code != 404 and bool(self._data(response, "reading a list"))

    def tell_all(self, events: list[dict[str, Any]], members: Sequence[Member]) -> None:
        """Record up to 1,000 events at once.

        Raises:
            BatchRefused: one of them is bad or was told before; then Klaviyo records none.
        """
        data = {"type": "event-bulk-create-job", "attributes": {"events-bulk-create": {"data": events}}}
        response = self._api.request(
            "POST", "/api/event-bulk-create-jobs", json={"data": data}, key="events", windows=SLOW
        )
        self._taken(response, members)

    def tell(self, event: dict[str, Any], member: Member) -> None:
        """Record one event; one whose unique_id came before is ignored by Klaviyo.

        Raises:
            BatchRefused: it is bad.
        """
        response = self._api.request("POST", "/api/events", json={"data": event}, key="event", windows=EVENT)
        self._taken(response, [member])

    def _taken(self, response: httpx.Response, members: Sequence[Member]) -> None:
        if response.status_code in ROW_REFUSALS:
            raise refusal(response, members)
        if not response.is_success:
            raise self._api.refused(response, "recording events")

    def _wait(self, job_id: str) -> dict[str, Any]:
        until = time.monotonic() + self._job_timeout
        while True:
            response = self._api.request("GET", f"/api/profile-bulk-import-jobs/{job_id}", key="job", windows=SLOW)
            attributes = self._data(response, "reading a profile import job")["attributes"]
            if attributes["status"] == "complete":
                return attributes
            if attributes["status"] == "cancelled" or time.monotonic() > until:
                raise DestinationUnavailable(
                    f"{self._api.who}: Klaviyo's import job is '{attributes['status']}' after at most "
                    f"{self._job_timeout:g} s, expected 'complete'. Its members are sent again by the next run."
                )
            time.sleep(self._poll)

    def _pages(
        self, path: str, params: dict[str, str | int], key: str, windows: Sequence[Window]
    ) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        while True:
            page = params | ({"page[cursor]": cursor} if cursor else {})
            response = self._api.request("GET", path, params=page, key=key, windows=windows)
            self._data(response, "reading from Klaviyo")
            answer = response.json()
            yield from answer["data"]
            # Only the cursor of the next address is followed: it names Klaviyo's host whatever ours is.
            following = (answer.get("links") or {}).get("next")
            if not following:
                return
            cursor = parse_qs(urlsplit(following).query)["page[cursor]"][0]

    def _data(self, response: httpx.Response, doing: str) -> Any:
        if not response.is_success:
            raise self._api.refused(response, doing)
        try:
            return response.json()["data"]
        except (ValueError, KeyError, TypeError):
            raise DestinationRefused(
                f"{self._api.who}: the answer while {doing} is not what Klaviyo's revision {REVISION} describes."
            ) from None

"""Mailchimp's API as far as the destination needs it: tags (static segments) and merge fields of one audience list.

Nothing here sends a `status` or deletes a person: no call of this module can subscribe, unsubscribe, archive or delete.
The one call that can create somebody does so as `transactional`, who gets no marketing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from include.destinations.api import Api
from include.destinations.base import DestinationRefused, Member
from include.destinations.bisect import BatchRefused
from include.destinations.credentials import Credentials
from include.destinations.scrub import scrub

# From the description of version 3.0.55: "A maximum of 500 members can be sent", and for pages "Maximum value is 1000".
MAX_MEMBERS = 500
PAGE = 1000
# Mailchimp names no rate, only ten connections at a time (mailchimp.com/developer/marketing/docs/fundamentals).
MAX_CONNECTIONS = 10

EVERY_STATUS: dict[str, str | int] = {
    "include_cleaned": "true",
    "include_transactional": "true",
    "include_unsubscribed": "true",
}
ROW_REFUSALS = frozenset({400, 413, 422})

NO_ADDRESS = "no e-mail address, by which Mailchimp knows people"
NOT_THERE = "not on the Mailchimp list, and never put there by Perennial"


def address(member: Member) -> str:
    """Return the e-mail address in lower case, empty without one."""
    return (member.contact.get("email") or "").strip().lower()


def subscriber_hash(email: str) -> str:
    """Return Mailchimp's name for an address: the MD5 of its lower case. It is not kept: an address can be guessed."""
    return hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()


def is_throttling(response: httpx.Response) -> bool:
    """Whether a 403 means "too fast": a refusal has a JSON body, the gate in front of Mailchimp's API answers bare."""
    if response.status_code != 403:
        return False
    try:
        return not isinstance(response.json(), dict)
    except ValueError:
        return True


def detail(response: httpx.Response) -> str:
    """Return what Mailchimp says about a refusal, as it came: scrub it."""
    try:
        answer = response.json()
    except ValueError:
        return ""
    return str(answer.get("detail") or answer.get("title") or "") if isinstance(answer, dict) else ""


def errors_by_hash(answer: Mapping[str, Any]) -> dict[str, str]:
    """Return subscriber hash -> error of an answer's `errors`, which name addresses."""
    return {
        subscriber_hash(email): str(one.get("error") or "no reason given")
        for one in answer.get("errors") or []
        for email in one.get("email_addresses") or []
    }


def base_url(found: Credentials) -> str:
    """Return the address of the key's data centre: Mailchimp's keys end with its name, as in `…-us19`."""
    if found.host:
        return f"{found.host.rstrip('/')}/3.0"
    _, dash, centre = found.secret().rpartition("-")
    if not dash or not centre.isalnum():
        raise DestinationRefused(
            f"The password of the Airflow connection '{found.connection}' is no Mailchimp key: expected one that ends "
            "with the data centre, as in `…-us19`."
        )
    return f"https://{centre}.api.mailchimp.com/3.0"


class MailchimpApi:
    """The calls on one list, and what each kind of answer means."""

    def __init__(self, api: Api, list_id: str) -> None:
        self._api = api
        self._list = f"/lists/{list_id}"

    def tag_id(self, name: str, create: bool) -> int | None:
        """Return the id of the tag's static segment.

        Args:
            name: exact name.
            create: make an empty one when there is none; otherwise None is returned.
        """
        found = self._find_tag(name)
        if found is not None or not create:
            return found
        response = self._api.request("POST", f"{self._list}/segments", json={"name": name, "static_segment": []})
        # A repeated request is refused because the name is taken: then it is found now.
        found = int(response.json()["id"]) if response.is_success else self._find_tag(name)
        if found is None:
            raise self._api.refused(response, "creating a tag")
        return found

    def change(self, tag: int, name: str, emails: Sequence[str], members: Sequence[Member]) -> dict[str, Any]:
        """Tag addresses (`members_to_add`) or untag them (`members_to_remove`) and return the answer.

        Raises:
            BatchRefused: the body was refused as a whole.
        """
        response = self._api.request("POST", f"{self._list}/segments/{tag}", json={name: list(emails)})
        if response.status_code in ROW_REFUSALS:
            said = scrub(f": {detail(response)}", members[0]) if len(members) == 1 else ""
            raise BatchRefused(f"HTTP {response.status_code}{said}")
        return self._read(response, "changing a tag's members")

    def tagged(self, tag: int, hashes: Sequence[str]) -> dict[str, str]:
        """Return which of the hashes carry the tag, with each one's unique_email_id.

        Reads the tag's members a thousand at a time, or the people one by one where that takes fewer requests.
        """
        wanted, held, offset = set(hashes), {}, 0
        while True:
            page = self._tag_page(tag, PAGE, offset)
            held |= {one["id"]: one["unique_email_id"] for one in page["members"]}
            offset += PAGE
            left = wanted - held.keys()
            if not page["members"] or offset >= page["total_items"] or not left:
                break
            if len(left) < (page["total_items"] - offset) / PAGE:
                held |= {one: uid for one in left if (uid := self._tagged_one(tag, one))}
                break
        return {one: held[one] for one in wanted & held.keys()}

    def tag_size(self, tag: int) -> int:
        """Return how many people carry the tag, whatever their status."""
        return int(self._tag_page(tag, 1, 0)["total_items"])

    def hash_of(self, unique_email_id: str) -> str | None:
        """Find a person on the list by the id of an earlier receipt."""
        params = {"unique_email_id": unique_email_id, "fields": "members.id"}
        response = self._api.request("GET", f"{self._list}/members", params=params)
        members = self._read(response, "looking for a member")["members"]
        return members[0]["id"] if members else None

    def untag(self, tag: int, person: str) -> None:
        """Take the tag off one person; done as well when there is nobody."""
        response = self._api.request("DELETE", f"{self._list}/segments/{tag}/members/{person}")
        if not response.is_success and response.status_code != 404:
            raise self._api.refused(response, "untagging a member")

    def create_transactional(self, email: str) -> str | None:
        """Put somebody on the list who gets no marketing; who is there keeps their status.

        Returns:
            None, or what Mailchimp has against it, not yet scrubbed.
        """
        body = {"email_address": email, "status_if_new": "transactional"}
        params = {"skip_merge_validation": "true"}
        path = f"{self._list}/members/{subscriber_hash(email)}"
        response = self._api.request("PUT", path, json=body, params=params)
        if response.status_code in ROW_REFUSALS:
            return f"HTTP {response.status_code}: {detail(response)}"
        self._read(response, "creating a transactional member")
        return None

    def write_fields(self, person: str, fields: Mapping[str, Any]) -> tuple[int, Any]:
        """Write merge fields of one person.

        Returns:
            The status (2xx, 400, 404, 413 or 422), and the member after it or what Mailchimp has against it.
        """
        path, params = f"{self._list}/members/{person}", {"skip_merge_validation": "true"}
        response = self._api.request("PATCH", path, json={"merge_fields": dict(fields)}, params=params)
        if response.status_code in ROW_REFUSALS | {404}:
            return response.status_code, detail(response)
        return response.status_code, self._read(response, "writing merge fields")

    def _find_tag(self, name: str) -> int | None:
        response = self._api.request("GET", f"{self._list}/tag-search", params={"name": name})
        tags = self._read(response, "looking for a tag")["tags"]
        return next((int(one["id"]) for one in tags if one["name"] == name), None)

    def _tag_page(self, tag: int, count: int, offset: int) -> dict[str, Any]:
        fields = {"fields": "members.id,members.unique_email_id,total_items", "count": count, "offset": offset}
        path = f"{self._list}/segments/{tag}/members"
        answer = self._read(self._api.request("GET", path, params=EVERY_STATUS | fields), "reading a tag's members")
        return {"members": answer.get("members") or [], "total_items": int(answer["total_items"])}

    def _tagged_one(self, tag: int, person: str) -> str | None:
        path, params = f"{self._list}/members/{person}", {"fields": "unique_email_id,tags"}
        response = self._api.request("GET", path, params=params)
        if response.status_code == 404:
            return None
        answer = self._read(response, "reading a member")
        return answer["unique_email_id"] if tag in [one["id"] for one in answer.get("tags") or []] else None

    def _read(self, response: httpx.Response, doing: str) -> Any:
        if not response.is_success:
            raise self._api.refused(response, doing)
        try:
            return response.json()
        except ValueError:
            raise DestinationRefused(f"{self._api.who}: the answer while {doing} is no JSON.") from None

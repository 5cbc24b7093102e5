"""Customers of a retailCRM account: finding them, editing them, reading answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from include.destinations.api import Api
from include.destinations.base import DestinationRefused, Member
from include.destinations.scrub import scrub

PAGE = 100
"""Rows of a page; the CRM takes 20, 50 and 100."""


@dataclass(frozen=True)
class NotFound:
    """Why a customer is not written to; `ambiguous` when several could be meant."""

    text: str = "there is no such customer in the CRM's site"
    ambiguous: bool = False


Found = tuple[str | None, NotFound]


@dataclass(frozen=True)
class Customers:
    """Customers of one site, found by externalId or by e-mail address.

    Attributes:
        find_by: attribute with the externalId; who has none is looked for by e-mail address.
        key_field: code of the custom field with the customer_key.
    """

    api: Api
    site: str
    find_by: str | None
    key_field: str

    def find(self, members: Sequence[Member], afresh: bool = False, ours: bool = False) -> dict[str, Found]:
        """Find the CRM's id of each member.

        Args:
            members: those with an id from an earlier receipt are not looked for.
            afresh: look for those as well.
            ours: take a customer who is looked for only when they carry the member's key, which a tagging of ours
                writes: without it the shop itself has set the tag they may have.

        Returns:
            customer_key -> the id, or None and why.
        """
        known = {m.customer_key: m.external_id for m in members if m.external_id and not afresh}
        found: dict[str, Found] = {key: (id_, NotFound()) for key, id_ in known.items()}
        wanted = [member for member in members if member.customer_key not in known]
        name = self.find_by or ""
        shop_ids = {m.customer_key: str(m.attributes[name]) for m in wanted if m.attributes.get(name)}
        by_id = self._by_external_ids(sorted(set(shop_ids.values())))
        for member in wanted:
            shop_id = shop_ids.get(member.customer_key)
            there = by_id.get(shop_id, []) if shop_id else self._by_email(member)
            found[member.customer_key] = self._choose(there, member, ours)
        return found

    def edit(self, customer: str, change: Mapping[str, Any]) -> httpx.Response:
        """Change a customer; a 404 is returned, too."""
        form = {"by": "id", "site": self.site, "customer": json.dumps(change, ensure_ascii=False)}
        return done(self.api.request("POST", f"/customers/{customer}/edit", form=form))

    def count_with_tag(self, tag: str) -> int:
        """Count the site's customers with a tag."""
        answer = self._list("/customers", {"filter[tags][0]": tag, "filter[sites][0]": self.site, "limit": 20})
        return int(answer["pagination"]["totalCount"])

    def _choose(self, there: list[dict[str, Any]] | None, member: Member, ours: bool) -> Found:
        if there is None:
            return None, NotFound("no e-mail address is left by which the CRM could find the customer", ambiguous=True)
        fitting = [one for one in there if not ours or self._key_of(one) == member.customer_key]
        if len(fitting) > 1:
            return None, NotFound(f"{len(fitting)} customers of the CRM's site have this address", ambiguous=True)
        return (str(fitting[0]["id"]) if fitting else None), NotFound()

    def _key_of(self, customer: Mapping[str, Any]) -> str | None:
        # An empty list when there are none: the CRM is written in PHP.
        fields = customer.get("customFields")
        return fields.get(self.key_field) if isinstance(fields, dict) else None

    def _by_email(self, member: Member) -> list[dict[str, Any]] | None:
        email = (member.contact.get("email") or "").strip().lower()
        if not email:
            return None
        answer = self._list("/customers", {"filter[email]": email, "filter[sites][0]": self.site, "limit": PAGE})
        # The filter finds parts of addresses as well.
        return [one for one in answer["customers"] if str(one.get("email") or "").strip().lower() == email]

    def _by_external_ids(self, shop_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for at in range(0, len(shop_ids), PAGE):
            asked = {f"filter[externalIds][{n}]": one for n, one in enumerate(shop_ids[at : at + PAGE])}
            answer = self._list("/customers", {**asked, "filter[sites][0]": self.site, "limit": PAGE})
            found |= {str(one["externalId"]): [one] for one in answer["customers"] if one.get("externalId")}
        return found

    def _list(self, path: str, params: Mapping[str, str | int]) -> dict[str, Any]:
        answer = read(self.api, self.api.request("GET", path, params=params))
        if not isinstance(answer.get("customers"), list) or not isinstance(answer.get("pagination"), dict):
            raise DestinationRefused(f"{self.api.who}: expected customers and a pagination from {path}, got neither.")
        return answer


def read(api: Api, response: httpx.Response) -> dict[str, Any]:
    """Return the content of an answer to a question.

    Raises:
        DestinationRefused: the CRM does not answer it.
    """
    answer = answer_of(response)
    if not response.is_success or answer.get("success") is not True:
        raise DestinationRefused(
            f"{api.who}: the CRM did not answer a search for customers or tasks (HTTP {response.status_code}). Check "
            f"'site' of the row '{api.who}' and the scopes of the key, see docs/destinations/retailcrm.md."
        )
    return answer


def done(response: httpx.Response) -> httpx.Response:
    """Make a refusal inside a 200 the 400 that it is."""
    if response.is_success and answer_of(response).get("success") is not True:
        return httpx.Response(400, content=response.content)
    return response


def answer_of(response: httpx.Response) -> dict[str, Any]:
    """Return the answer's object, empty when it is none."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def refusal_of(answer: Mapping[str, Any], member: Member) -> str:
    """Shape the CRM's errors into a reason without contact data."""
    errors = answer.get("errors")
    texts = errors.values() if isinstance(errors, dict) else errors if isinstance(errors, list) else []
    said = "; ".join([str(answer.get("errorMsg") or "no reason given"), *map(str, texts)])
    return scrub(said, member)

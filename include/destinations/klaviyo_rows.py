"""How members become Klaviyo's profiles and events, and whose an import error is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from include.destinations.base import Member, Rejection
from include.destinations.bisect import BatchRefused
from include.destinations.scrub import scrub
from include.destinations.values import number_or_text

UNIQUE_ID = "trigger_key"


def profile_json(member: Member) -> dict[str, Any]:
    """Shape a profile: identifiers and names that are known, attributes as properties.

    A contact field that is None is left out, so that what Klaviyo knows from elsewhere stays. An attribute that is
    None is taken off the profile (`unset`).
    """
    contact = {name: value.strip() for name, value in member.contact.items() if value and value.strip()}
    fields = {"first_name": "first_name", "last_name": "last_name", "phone": "phone_number"}
    attributes: dict[str, Any] = {"external_id": member.customer_key}
    if "email" in contact:
        attributes["email"] = contact["email"].lower()
    attributes |= {theirs: contact[ours] for ours, theirs in fields.items() if ours in contact}
    known = {name: number_or_text(value) for name, value in member.attributes.items() if value is not None}
    if known:
        attributes["properties"] = known
    return {"type": "profile", "attributes": attributes} | unset(set(member.attributes) - known.keys())


def unset(names: Iterable[str]) -> dict[str, Any]:
    """Shape what takes properties off a profile; empty without names."""
    listed = sorted(names)
    return {"meta": {"patch_properties": {"unset": listed}}} if listed else {}


def size(row: Any) -> int:
    """Return the bytes a row takes in a body, with its comma."""
    return len(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()) + 1


def identifier(member: Member) -> tuple[str, str]:
    """Return the field by which Klaviyo finds a member and its value, as Klaviyo keeps it."""
    email, phone = ((member.contact.get(name) or "").strip() for name in ("email", "phone"))
    if email:
        return "email", email.lower()
    return ("phone_number", phone) if phone else ("external_id", member.customer_key)


def event(member: Member, metric: str) -> dict[str, Any]:
    """Shape an event whose unique id is the member's trigger_key."""
    profile = profile_json(Member(member.customer_key, member.token, contact=member.contact))
    properties = {name: number_or_text(value) for name, value in member.attributes.items()}
    return {
        "type": "event",
        "attributes": {
            "properties": properties,
            "metric": {"data": {"type": "metric", "attributes": {"name": metric}}},
            "profile": {"data": profile},
            "unique_id": str(member.attributes[UNIQUE_ID]),
        },
    }


def bulk(one: dict[str, Any]) -> dict[str, Any]:
    """Shape an event for the bulk job, where the profile stands outside of it."""
    inner = {name: value for name, value in one["attributes"].items() if name != "profile"}
    attributes = {
        "profile": one["attributes"]["profile"],
        "events": {"data": [{"type": "event", "attributes": inner}]},
    }
    return {"type": "event-bulk-create", "attributes": attributes}


def rejection(member: Member, reason: str) -> Rejection:
    """Make a lasting rejection."""
    return Rejection(member.customer_key, scrub(reason, member), retryable=False)


def failed(errors: Iterable[dict[str, Any]], members: Sequence[Member]) -> dict[str, Rejection]:
    """Say whose each import error is: by the payload it quotes, otherwise by its pointer.

    Raises:
        BatchRefused: an error names nobody; halving finds out who it is.
    """
    by_name: dict[str, Member] = {}
    for member in members:
        for name in (member.customer_key, (member.contact.get("email") or "").strip().lower(), member.external_id):
            if name:
                by_name[name] = member
    rejected: dict[str, Rejection] = {}
    for error in errors:
        said = error["attributes"]
        payload = said.get("original_payload") or {}
        payload = payload | (payload.get("attributes") or {})
        names = [payload.get("external_id"), str(payload.get("email") or "").lower(), payload.get("id")]
        member = next((by_name[name] for name in names if name in by_name), None)
        place = re.search(r"/data/(\d+)(/|$)", (said.get("source") or {}).get("pointer") or "")
        if member is None and place and int(place[1]) < len(members):
            member = members[int(place[1])]
        if member is None and len(members) == 1:
            member = members[0]
        if member is None:
            raise BatchRefused("Klaviyo names a failed profile that was not sent")
        rejected[member.customer_key] = rejection(member, f"{said['code']}: {said['detail']}")
    return rejected

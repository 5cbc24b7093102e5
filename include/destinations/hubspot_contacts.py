"""How members become HubSpot's contacts, whose an error is, and which contact is whose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from include.destinations.base import Member, Rejection
from include.destinations.hubspot_api import HubSpotApi
from include.destinations.scrub import scrub
from include.destinations.values import json_value

if TYPE_CHECKING:
    from include.destinations.hubspot import HubSpotRow

FIELDS = {"phone": "phone", "first_name": "firstname", "last_name": "lastname"}


def address(member: Member) -> str:
    """Return the e-mail address in lower case, as HubSpot keeps it; empty without one."""
    return (member.contact.get("email") or "").strip().lower()


def text(value: Any) -> str:
    """Write a property's value; HubSpot takes texts only, and an empty one clears the property."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(json_value(value))


def contact_properties(member: Member, row: HubSpotRow) -> dict[str, str]:
    """Shape a contact: address, names that are known, our key and the mapped attributes."""
    known = {theirs: str(member.contact[ours]) for ours, theirs in FIELDS.items() if member.contact.get(ours)}
    mapped = {row.properties[name]: text(value) for name, value in member.attributes.items() if name in row.properties}
    return {"email": address(member), row.key_property: member.customer_key} | known | mapped


def failures(answer: Mapping[str, Any], absent: Sequence[Member], also_unnamed: bool = True) -> dict[str, Rejection]:
    """Make the rejections of the members that are not among an answer's results.

    An error is a member's when its context quotes the member's address, key or id; its message is kept only then. A
    member whom no error names is rejected for this run, or with `also_unnamed` False left as unknown.
    """
    rejected: dict[str, Rejection] = {}
    for member in absent:
        names = {address(member), member.customer_key.lower(), member.external_id} - {"", None}
        mine = [
            error
            for error in answer.get("errors") or []
            if names & {str(one).lower() for values in (error.get("context") or {}).values() for one in values}
        ]
        if mine:
            reason = scrub(f"{mine[0].get('category')}: {mine[0].get('message')}", member)
        elif not also_unnamed:
            continue
        else:
            reason = "HubSpot left the contact out of its answer"
        rejected[member.customer_key] = Rejection(member.customer_key, reason, retryable=not mine)
    return rejected


def known_ids(hubspot: HubSpotApi, members: Sequence[Member], key_property: str) -> dict[str, str]:
    """Find the contacts of up to 100 members by the id of an earlier receipt, then by our key, then by e-mail.

    A contact found by its address is taken only when it carries our key, which every write of ours gives it: without it
    somebody else put it where it is. The address is asked besides because HubSpot's search for the key lags.

    Returns:
        customer_key -> HubSpot's id, of those that are known.
    """
    found = {member.customer_key: member.external_id for member in members if member.external_id}
    unknown = [one.customer_key for one in members if one.customer_key not in found]
    if unknown:
        found |= {str(one["properties"].get(key_property)): str(one["id"]) for one in hubspot.by_key(unknown)}
    rest = {address(one): one.customer_key for one in members if one.customer_key not in found and address(one)}
    for one in hubspot.by_email(list(rest)):
        key = rest.get(str(one["properties"].get("email") or "").lower())
        if key and one["properties"].get(key_property) == key:
            found[key] = str(one["id"])
    keys = {member.customer_key for member in members}
    return {key: value for key, value in found.items() if key in keys}

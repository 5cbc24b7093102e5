"""Finds Klaviyo's profiles of our members."""

from __future__ import annotations

import time
from collections.abc import Sequence

from include.destinations.base import Member
from include.destinations.klaviyo_api import KlaviyoApi
from include.destinations.klaviyo_rows import identifier


def seen_ids(
    klaviyo: KlaviyoApi, members: Sequence[Member], path: str, attempts: int, wait_seconds: float
) -> dict[str, str]:
    """Look for members under `path` by e-mail or phone, again while some are missing: a list may lag behind its job.

    Returns:
        customer_key -> Klaviyo's id, of those that are there.
    """
    found: dict[str, str] = {}
    for attempt in range(attempts):
        if attempt:
            time.sleep(wait_seconds)
        by_field: dict[str, dict[str, str]] = {}
        for member in members:
            if member.customer_key not in found:
                field, value = identifier(member)
                by_field.setdefault(field, {})[value] = member.customer_key
        for field, keys in by_field.items():
            for one in klaviyo.find(path, field, list(keys)):
                value = _value(one, field)
                # Our import writes our key: without it this is somebody the shop put there, and ours was ignored.
                if value in keys and _value(one, "external_id") == keys[value]:
                    found[keys[value]] = one["id"]
        if len(found) == len(members):
            break
    return found


def known_ids(klaviyo: KlaviyoApi, members: Sequence[Member]) -> dict[str, str]:
    """Find profiles by our key, then by the id of an earlier receipt.

    Our key comes first because Klaviyo's id changes when profiles are merged. Nobody is looked for by address: every
    import of ours writes the key, so a profile without it was put there by somebody else, also when an import of ours
    was begun and never arrived.

    Returns:
        customer_key -> Klaviyo's id, of those that are known.
    """
    keys = {member.customer_key for member in members}
    found = {
        _value(one, "external_id"): one["id"] for one in klaviyo.find("/api/profiles", "external_id", sorted(keys))
    }
    for member in members:
        if member.external_id:
            found.setdefault(member.customer_key, member.external_id)
    return {key: found[key] for key in found.keys() & keys}


def _value(profile: dict[str, dict[str, str | None]], field: str) -> str:
    value = profile["attributes"].get(field) or ""
    return value.lower() if field == "email" else value

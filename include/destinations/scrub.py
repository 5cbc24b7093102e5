"""Takes personal data out of a text that a tool sent us, before it is kept."""

from __future__ import annotations

import re

from include.destinations.base import Member

_EMAIL = re.compile(r"[^\s<>\"',;:()\[\]]+@[^\s<>\"',;:()\[\]]+")
_NUMBER = re.compile(r"\+?\d[\d\s().-]{5,}\d")
_LONGEST = 300


def scrub(text: str, member: Member | None = None) -> str:
    """Replace e-mail addresses, long numbers and the member's own contact values.

    Args:
        text: what the tool wrote.
        member: the member it wrote about, whose name no pattern could find.

    Returns:
        At most 300 characters: `ann@example.com is not valid` becomes `[email] is not valid`.
    """
    values = dict(member.contact) if member else {}
    for field, value in sorted(values.items(), key=lambda item: -len(item[1] or "")):
        if value and value.strip():
            text = re.sub(rf"(?<!\w){re.escape(value.strip())}(?!\w)", f"[{field}]", text, flags=re.IGNORECASE)
    text = _EMAIL.sub("[email]", text)
    return _NUMBER.sub("[number]", text)[:_LONGEST]

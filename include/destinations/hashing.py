"""Contact data as advertising networks want it: normalised by each network's own rules, then hashed.

A network finds a person by comparing hashes, so one space or capital letter too many is another person. The rules
differ: Meta wants phones without '+' and has no rule for Gmail; Google wants the '+' and one spelling of each Gmail
mailbox.

Sources: Meta, Custom Audiences, 'Hashing and Normalization'; Google, Data Manager API, 'Format user data'.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from include.identity.phones import e164

GMAIL = frozenset({"gmail.com", "googlemail.com"})
SPACES = re.compile(r"\s+")


def sha256(value: str) -> str:
    """Return the SHA-256 of the UTF-8 text as 64 lower-case hex digits."""
    return hashlib.sha256(value.encode()).hexdigest()


def meta_email(email: str | None) -> str | None:
    """Hash an e-mail address for Meta: trimmed, lower case, otherwise as it is; None when it is no address."""
    address = (email or "").strip().lower()
    return sha256(address) if _is_address(address) else None


def meta_phone(phone: str | None, country: str | None = None) -> str | None:
    """Hash a phone number for Meta: country code and digits, no '+', no leading zeros.

    Args:
        phone: in any spelling.
        country: ISO 3166-1 alpha-2 code by which a number without country code is read; None refuses such numbers.

    Returns:
        None when it cannot be told which number it is.
    """
    number = e164(phone, country)
    return sha256(number.removeprefix("+")) if number else None


def meta_name(name: str | None) -> str | None:
    """Hash a first or last name for Meta: lower case, no punctuation, letters of any script; None if none is left."""
    composed = unicodedata.normalize("NFC", (name or "").lower())
    letters = "".join(" " if char.isspace() else char for char in composed if _is_name_character(char))
    kept = SPACES.sub(" ", letters).strip()
    return sha256(kept) if kept else None


def google_email(email: str | None) -> str | None:
    """Hash an e-mail address for Google; None when it is no address.

    Lower case, no white space anywhere. Of gmail.com and googlemail.com addresses the dots before the '@' and what
    follows a '+' go as well: Gmail delivers all these spellings to one mailbox. (Google's own sample code of 2025 left
    the '+' part in; its guide takes it out.)
    """
    address = SPACES.sub("", email or "").lower()
    if not _is_address(address):
        return None
    local, _, domain = address.rpartition("@")
    if domain in GMAIL:
        local = local.partition("+")[0].replace(".", "")
    return sha256(f"{local}@{domain}") if local else None


def google_phone(phone: str | None, country: str | None = None) -> str | None:
    """Hash a phone number for Google: E.164 with its '+'; see `meta_phone` for the arguments."""
    number = e164(phone, country)
    return sha256(number) if number else None


def _is_address(address: str) -> bool:
    local, _, domain = address.rpartition("@")
    return bool(local and domain) and not SPACES.search(address)


def _is_name_character(char: str) -> bool:
    # Letters and the marks some scripts put on them, digits, spaces; no punctuation, no symbols.
    return unicodedata.category(char)[0] in "LMNZ"

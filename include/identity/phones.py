"""Phone numbers as E.164: the one place that says how a number is read."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

SEPARATORS = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]+")
INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}")
# "+49 (0)30 …" is how a number is printed for readers at home and abroad; the 0 is dialled at home only.
TRUNK_IN_BRACKETS = re.compile(r"\(\s*0\s*\)")
CALLING_CODES = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))


def e164(phone: str | None, country: str | None) -> str | None:
    """Return a phone number in E.164, or None when it cannot be told which number it is.

    A number written with its country's calling code keeps its digits, whether or not the country has such a number:
    normalising makes equal numbers equal, it does not say that they work. One written as dialled at home is read by
    the rules of the customer's country, and only when it is of a possible length there.

    Args:
        phone: the number as the shop holds it.
        country: ISO 3166-1 alpha-2 code of the customer's country, in any case; anything else counts as unknown.
    """
    if not phone:
        return None
    digits = SEPARATORS.sub("", TRUNK_IN_BRACKETS.sub("", phone))
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if INTERNATIONAL.fullmatch(digits):
        code = next((digits[1:end] for end in (2, 3, 4) if digits[1:end] in CALLING_CODES), None)
        if code is None:
            return None
        # A 0 after the calling code is a trunk prefix in most countries and part of the number in some.
        if digits[1 + len(code)] != "0":
            return digits
    return _read(digits, (country or "").strip().upper())


@lru_cache(maxsize=65_536)
def _read(digits: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(digits, region if region in phonenumbers.SUPPORTED_REGIONS else None)
    except phonenumbers.NumberParseException:
        return None
    if not digits.startswith("+") and not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

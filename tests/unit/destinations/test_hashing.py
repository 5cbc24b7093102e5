"""Hashes of contact data, against the examples that Meta and Google publish."""

from __future__ import annotations

from hashlib import sha256

import pytest

from include.destinations import hashing

MARY = "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79"
PHONE_OF_META = "1ef970831d7963307784fa8688e8fce101a15685d62aa765fed23f3a2c576a4e"
ALEXZ = "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a"
PHONE_OF_GOOGLE = "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"


def plain(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("written", ["mary@example.com", "  Mary@Example.COM\n"])
def test_metas_example_of_an_address(written: str) -> None:
    assert hashing.meta_email(written) == MARY


@pytest.mark.parametrize("written", ["+15559876543", "+1 (555) 987-6543", "001 555 987 6543", "+1.555.987.6543"])
def test_metas_example_of_a_phone_in_any_spelling(written: str) -> None:
    assert hashing.meta_phone(written) == PHONE_OF_META
    # What a hash without normalising would be.
    assert hashing.meta_phone(written) != plain(written)


@pytest.mark.parametrize(
    ("name", "hashed"),
    [
        ("Mary", "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
        ("정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
        ("Valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
        ("Vale\u0301ry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
        (" M.A.R.Y! ", "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
        ("Mary\u00a0 Ann", plain("mary ann")),
        ("O'Brien-Ross", plain("obrienross")),
    ],
)
def test_metas_examples_of_names(name: str, hashed: str) -> None:
    assert hashing.meta_name(name) == hashed


@pytest.mark.parametrize("written", ["alexz@example.com", " AlexZ@Example.com ", "alex z@example.com"])
def test_googles_example_of_an_address(written: str) -> None:
    assert hashing.google_email(written) == ALEXZ


@pytest.mark.parametrize("written", ["+18005550100", "+1 (800) 555-0100", "00 1 800 555 0100"])
def test_googles_example_of_a_phone(written: str) -> None:
    assert hashing.google_phone(written) == PHONE_OF_GOOGLE


def test_gmail_has_one_spelling_for_google_and_none_for_meta() -> None:
    written = "Cloudy.San.Francisco+news@GoogleMail.com"
    assert hashing.google_email(written) == plain("cloudysanfrancisco@googlemail.com")
    assert hashing.meta_email(written) == plain("cloudy.san.francisco+news@googlemail.com")
    # Google's sample code of 2025 knew the dots only; both agree on addresses without '+'.
    assert hashing.google_email("cloudy.sanfrancisco@gmail.com") == plain("cloudysanfrancisco@gmail.com")


def test_other_mail_keeps_dots_and_suffixes_for_google() -> None:
    assert hashing.google_email("a.b+c@example.com") == plain("a.b+c@example.com")
    assert hashing.google_email("a.b+c@gmail.com.example") == plain("a.b+c@gmail.com.example")


def test_a_number_as_dialled_at_home_needs_a_country() -> None:
    assert hashing.google_phone("030 1234567") is None
    assert hashing.google_phone("030 1234567", "de") == plain("+49301234567")
    assert hashing.meta_phone("030 1234567", "DE") == plain("49301234567")


@pytest.mark.parametrize("nothing", [None, "", "  ", "nobody", "@example.com", "ann@", "12", "..."])
def test_what_is_no_contact_is_not_hashed(nothing: str | None) -> None:
    assert hashing.meta_email(nothing) is None
    assert hashing.google_email(nothing) is None
    assert hashing.meta_phone(nothing) is None
    assert hashing.google_phone(nothing) is None


def test_a_gmail_address_of_a_suffix_only_is_no_mailbox() -> None:
    assert hashing.google_email("+news@gmail.com") is None


@pytest.mark.parametrize("nothing", [None, "", " - ", "?!"])
def test_what_is_no_name_is_not_hashed(nothing: str | None) -> None:
    assert hashing.meta_name(nothing) is None

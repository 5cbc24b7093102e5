"""Phone numbers in E.164, and the function that DuckDB is given for it."""

from __future__ import annotations

import duckdb
import pytest

from include.identity.duckdb_plugin import Plugin
from include.identity.phones import e164

NUMBERS = [
    ("+4930123456", None, "+4930123456"),
    ("+49 30 / 123-456", "FR", "+4930123456"),
    ("+49 (0)30 123456", "DE", "+4930123456"),
    ("+49 030 123456", "DE", "+4930123456"),
    ("0049 30 123456", None, "+4930123456"),
    ("030 123456", "DE", "+4930123456"),
    ("030 123456", " de ", "+4930123456"),
    ("01 23 45 67 89", "FR", "+33123456789"),
    ("(212) 555-0100", "US", "+12125550100"),
    # In Italy the 0 is part of the number.
    ("+39 06 12345678", "IT", "+390612345678"),
    # A calling code with more digits than its country gives out: still the same number for who typed it twice.
    ("+49 15000 00001234", "DE", "+491500000001234"),
    # At home a number of impossible length is a typing error.
    ("1", "DE", None),
    ("030 123456", None, None),
    ("030 123456", "Germany", None),
    ("+999 123456789", "DE", None),
    ("+49", "DE", None),
    ("no phone", "DE", None),
    ("", "DE", None),
    (None, "DE", None),
]


@pytest.mark.parametrize(("phone", "country", "expected"), NUMBERS)
def test_e164(phone, country, expected):
    assert e164(phone, country) == expected


def test_what_is_normalised_stays_as_it_is():
    for _, _, number in NUMBERS:
        assert e164(number, None) == number


def test_duckdb_calls_it_for_every_row():
    with duckdb.connect() as con:
        Plugin.configure_connection(None, con)
        con.execute("create table typed (phone varchar, country varchar)")
        con.executemany("insert into typed values (?, ?)", [(phone, country) for phone, country, _ in NUMBERS])
        rows = con.execute("select e164(phone, country) from typed").fetchall()
        assert [row[0] for row in rows] == [expected for *_, expected in NUMBERS]
        assert con.execute("select e164(phone, country) from typed where phone = 'nobody'").fetchall() == []

"""What each type of the contract makes of a source value, and what it says when it can make nothing of it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from include.sources.entities import DUCKDB_TYPES, Column
from include.sources.typing_sql import problem, typed


def converted(kind: str, literal: str, zone: str = "UTC", pii: bool = False) -> tuple[Any, str | None]:
    """Return the typed value of a SQL literal, and the problem."""
    con = duckdb.connect()
    column = Column("paid", kind, "", pii=pii)
    raw_type = con.execute(f"select typeof({literal})").fetchall()[0][0]
    query = (
        f"select {column.name}, {problem(column, 'raw')} from"
        f" (select raw, {typed(column, 'raw', raw_type, zone)} as {column.name} from (select {literal} as raw))"
    )
    return con.execute(query).fetchall()[0]


GOOD = [
    ("text", "'  a b '", "a b"),
    ("text", "'  '", None),
    ("text", "'\u00a0a\u3000'", "a"),
    ("text", "'\u00e9'", "\u00e9"),
    ("decimal", "'\u00a03.10'", Decimal("3.1000")),
    ("text", "12", "12"),
    ("status", "' Paid '", "Paid"),
    ("currency", "' gbp '", "GBP"),
    ("integer", "' 7 '", 7),
    ("integer", "'12.0'", 12),
    ("integer", "2.0::double", 2),
    ("integer", "'-3'", -3),
    ("decimal", "'-3.10'", Decimal("-3.1000")),
    ("decimal", "'.5'", Decimal("0.5000")),
    ("decimal", "12", Decimal("12.0000")),
    ("decimal", "'1.23456'", Decimal("1.2346")),
    ("boolean", "'True'", True),
    ("boolean", "'no'", False),
    ("boolean", "'0'", False),
    ("date", "'2024-02-29'", date(2024, 2, 29)),
    ("date", "'2024-01-02 10:00:00'", date(2024, 1, 2)),
    ("date", "date '2024-01-02'", date(2024, 1, 2)),
]


@pytest.mark.parametrize(("kind", "literal", "expected"), GOOD)
def test_a_value_that_fits_is_taken_over(kind: str, literal: str, expected: object) -> None:
    assert converted(kind, literal) == (expected, None)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1.5"),
        ("integer", "1,000"),
        ("integer", "9223372036854775808"),
        ("decimal", "1,234.5"),
        ("decimal", "€5"),
        ("decimal", "NaN"),
        ("decimal", "123456789012345.6"),
        ("boolean", "maybe"),
        ("date", "2023-02-29"),
        ("date", "01/02/2024"),
        ("date", "20240102"),
        ("timestamp", "2024-02-30 10:00"),
        ("timestamp", "1/7/2024 10:00"),
        ("timestamp", "1700000000"),
        ("timestamp", "infinity"),
        ("timestamp", "2024-07-01 25:00:00"),
        ("timestamp", "2024-07-01 10:00:00 Europe/Paris"),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_column(kind: str, text: str) -> None:
    article = "an" if kind == "integer" else "a"
    assert converted(kind, f"'{text}'") == (None, f"paid: '{text}' is not {article} {kind}")


@pytest.mark.parametrize("kind", sorted(set(DUCKDB_TYPES) - {"text", "status", "currency"}))
def test_an_empty_value_is_missing_and_no_problem(kind: str) -> None:
    assert converted(kind, "'  '") == (None, None)
    assert converted(kind, "null::varchar") == (None, None)


def test_personal_data_never_stands_in_a_reason() -> None:
    assert converted("date", "'Ann Smith'", pii=True) == (None, "paid: a value is not a date")


def test_an_address_that_slipped_into_another_column_does_not_either() -> None:
    assert converted("decimal", "'ann@example.org'") == (None, "paid: a value is not a decimal")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2011-07-01T10:00:00Z", "2011-07-01 10:00"),
        ("2011-07-01T10:00:00z", "2011-07-01 10:00"),
        ("2011-07-01 10:00:00 UTC", "2011-07-01 10:00"),
        ("2011-07-01 10:00:00+02", "2011-07-01 08:00"),
        ("2011-07-01T10:00:00+02:00", "2011-07-01 08:00"),
        ("2011-07-01T10:00:00+0200", "2011-07-01 08:00"),
        ("2011-07-01 10:00:00 +0200", "2011-07-01 08:00"),
        ("2011-07-01T10:00:00-05:30", "2011-07-01 15:30"),
    ],
)
def test_an_offset_counts_and_the_zone_of_the_mapping_does_not(text: str, utc: str) -> None:
    assert converted("timestamp", f"'{text}'", "Europe/London") == (datetime.fromisoformat(utc), None)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2011-07-01 10:00:00", "2011-07-01 09:00"),
        ("2011-01-01 10:00:00", "2011-01-01 10:00"),
        ("2011-07-01T10:00", "2011-07-01 09:00"),
        ("2011-07-01", "2011-06-30 23:00"),
        # Clocks go from 01:00 to 02:00 on this night: 01:30 does not exist and is read as 02:30 summer time.
        ("2011-03-27 01:30:00", "2011-03-27 01:30"),
        # And from 02:00 back to 01:00 on this one: 01:30 comes twice, the second (winter time) is taken.
        ("2011-10-30 01:30:00", "2011-10-30 01:30"),
    ],
)
def test_a_time_without_offset_is_of_the_mappings_zone(text: str, utc: str) -> None:
    assert converted("timestamp", f"'{text}'", "Europe/London") == (datetime.fromisoformat(utc), None)


@pytest.mark.parametrize(
    ("literal", "utc"),
    [
        ("timestamp '2011-07-01 10:00:00'", "2011-07-01 09:00"),
        ("timestamp_ns '2011-07-01 10:00:00'", "2011-07-01 09:00"),
        ("date '2011-07-01'", "2011-06-30 23:00"),
        ("timestamptz '2011-07-01 10:00:00+02'", "2011-07-01 08:00"),
    ],
)
def test_parquet_times_follow_the_same_rule(literal: str, utc: str) -> None:
    assert converted("timestamp", literal, "Europe/London") == (datetime.fromisoformat(utc), None)

"""Every type of DuckDB arrives in PostgreSQL as the value it was, NULL as NULL."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import pytest

from include.serve.errors import ServeError
from include.serve.types import column
from tests.unit.serve.world import World

UTC = dt.UTC
LARGEST = 170141183460469231731687303715884105727
VALUES: dict[str, tuple[str, str, Any]] = {
    "dec_18_2": ("1234567890123456.78::decimal(18, 2)", "numeric", Decimal("1234567890123456.78")),
    "dec_18_4": ("(-0.05)::decimal(18, 4)", "numeric", Decimal("-0.0500")),
    "dec_38_3": (
        "(-12345678901234567890123456789012345.678)::decimal(38, 3)",
        "numeric",
        Decimal("-12345678901234567890123456789012345.678"),
    ),
    "dec_4_1": ("1.5::decimal(4, 1)", "numeric", Decimal("1.5")),
    "dec_9_0": ("10000::decimal(9, 0)", "numeric", Decimal("10000")),
    "stamp": (
        "timestamp '1969-12-31 23:59:59.999999'",
        "timestamp without time zone",
        dt.datetime(1969, 12, 31, 23, 59, 59, 999999),  # noqa: DTZ001
    ),
    "stamp_ms": (
        "timestamp_ms '2024-02-29 00:00:00.123'",
        "timestamp without time zone",
        dt.datetime(2024, 2, 29, 0, 0, 0, 123000),  # noqa: DTZ001
    ),
    "stamp_ns": (
        "timestamp_ns '2024-02-29 00:00:00.123456789'",
        "timestamp without time zone",
        dt.datetime(2024, 2, 29, 0, 0, 0, 123456),  # noqa: DTZ001
    ),
    "stamp_tz": (
        "timestamptz '2024-03-31 02:30:00.000001+02'",
        "timestamp with time zone",
        dt.datetime(2024, 3, 31, 0, 30, 0, 1, tzinfo=UTC),
    ),
    "day": ("date '0001-01-01'", "date", dt.date(1, 1, 1)),
    "moment": ("time '23:59:59.999999'", "time without time zone", dt.time(23, 59, 59, 999999)),
    "span": ("interval '2 days 3 seconds'", "interval", dt.timedelta(days=2, seconds=3)),
    "truth": ("false", "boolean", False),
    "tiny": ("(-128)::tinyint", "smallint", -128),
    "small": ("(-32768)::smallint", "smallint", -32768),
    "whole": ("2147483647::integer", "integer", 2147483647),
    "big": ("(-9223372036854775808)::bigint", "bigint", -9223372036854775808),
    "huge": (f"{LARGEST}::hugeint", "numeric", Decimal(LARGEST)),
    "huge_below": (f"(-{LARGEST})::hugeint", "numeric", Decimal(-LARGEST)),
    "u_tiny": ("255::utinyint", "smallint", 255),
    "u_small": ("65535::usmallint", "integer", 65535),
    "u_whole": ("4294967295::uinteger", "bigint", 4294967295),
    "u_big": ("18446744073709551615::ubigint", "numeric", Decimal("18446744073709551615")),
    "single": ("0.5::float", "real", 0.5),
    "double_": ("0.1::double", "double precision", 0.1),
    "infinite": ("'-inf'::double", "double precision", -math.inf),
    "words": ("'ä €'' \\\\ \t\n'", "text", "ä €' \\\\ \t\n"),
    "nothing_said": ("''", "text", ""),
    "bytes_": ("'\\x00\\xFF'::blob", "bytea", b"\x00\xff"),
    "choice": ("'x'::enum('x', 'y')", "text", "x"),
    "uuid_": ("uuid '11111111-2222-3333-4444-555555555555'", "text", "11111111-2222-3333-4444-555555555555"),
    "list_": ("['a', null, 'b']", "text[]", ["a", None, "b"]),
    "list_empty": ("[]::varchar[]", "text[]", []),
    "list_dec": ("[1.50::decimal(18, 2), null]", "numeric[]", [Decimal("1.50"), None]),
    "list_day": ("[date '2024-01-01']", "date[]", [dt.date(2024, 1, 1)]),
    "list_list": ("[[1], [2, 3]]", "jsonb", [[1], [2, 3]]),
    "array_": ("array_value(1, 2)", "jsonb", [1, 2]),
    "struct_": ("{'a': 1.25::decimal(9, 2), 'b': null}", "jsonb", {"a": 1.25, "b": None}),
    "map_": ("map {'k': 1}", "jsonb", {"k": 1}),
    "json_": ("'{\"a\": [1, null]}'::json", "jsonb", {"a": [1, None]}),
}


@pytest.fixture(scope="module")
def served(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> World:
    """One table with a column for each type, a row of values and a row of NULLs."""
    world = World(tmp_path_factory.mktemp("types"), postgres)
    for schema in world.schemas():
        world.do(f'drop schema "{schema}" cascade')
    values = ", ".join(f"{expression} as {name}" for name, (expression, _, _) in VALUES.items())
    nulls = ", ".join(f"case when row_number = 1 then {name} end as {name}" for name in VALUES)
    world.promote(
        "b1",
        f"create table marts.types as select row_number, {nulls} from (select {values})"
        " cross join (select unnest([1, 2]) as row_number)",
    )
    world.serve()
    return world


@pytest.mark.parametrize("name", VALUES)
def test_a_value_arrives_as_it_was(served: World, name: str) -> None:
    _, kind, value = VALUES[name]
    assert served.ask(f"select pg_typeof({name})::text, {name} from marts.types order by row_number") == [
        (kind, value),
        (kind, None),
    ]


def test_a_decimal_keeps_its_places(served: World) -> None:
    assert served.ask("select dec_18_4::text from marts.types order by row_number limit 1") == [("-0.0500",)]


def test_a_number_that_is_none_stays_none(world: World) -> None:
    world.promote("b1", "create table marts.odd as select 'nan'::double as x")
    world.serve()
    assert math.isnan(world.ask("select x from marts.odd")[0][0])


@pytest.mark.parametrize("kind", ["BIT", "UHUGEINT", "TIME WITH TIME ZONE", "UNION(a INTEGER)", "GEOMETRY"])
def test_a_type_without_a_counterpart_is_named(kind: str) -> None:
    with pytest.raises(ServeError, match=r"marts\.t\.x is .*, expected a type that PostgreSQL has too; cast it"):
        column("x", kind, "marts.t")

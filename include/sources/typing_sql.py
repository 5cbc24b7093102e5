"""SQL that turns a source value into the contract's type and says what could not be turned."""

from __future__ import annotations

from include.sources.entities import Column
from include.sources.readers import identifier, quote

# 2011-07-01T10:00:00Z, …+02, …+0200, …+02:00; DuckDB's cast to timestamp would drop the offset silently.
_OFFSET = "'[0-9]{2}:[0-9]{2}.*(Z|[+-][0-9]{2}(:?[0-9]{2})?)$'"
# Nothing but digits after the day, so that no zone's name and no word such as "infinity" is read as a time.
_NAIVE = "'^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([T ][0-9:.]+)?$'"


def typed(column: Column, raw: str, raw_type: str, time_zone: str) -> str:
    """Return the expression of a contract column.

    Args:
        column: the contract's column.
        raw: SQL of the source value.
        raw_type: its DuckDB type.
        time_zone: IANA zone of timestamps without an offset; the result is in UTC.
    """
    text = _trimmed(f"cast({raw} as varchar)")
    if column.type == "timestamp":
        return _utc(raw, raw_type, text, time_zone)
    if column.type == "currency":
        return f"upper({text})"
    if column.type in ("text", "status"):
        return text
    source = text if raw_type == "VARCHAR" else raw
    cast = f"try_cast({source} as {column.duckdb_type})"
    if column.type == "integer":
        # 12.0 is an integer; 1.5 is a mistake, which the cast alone would round away.
        return f"case when {cast} = try_cast({source} as decimal(38, 10)) then {cast} end"
    return cast


def _trimmed(text: str) -> str:
    # trim() looks every letter up in a table, which takes as long as all the rest of reading a short text.
    may_need_it = f"contains({text}, ' ') or strlen({text}) <> length({text})"
    return f"nullif(case when {may_need_it} then trim({text}) else {text} end, '')"


def _utc(raw: str, raw_type: str, text: str, time_zone: str) -> str:
    def from_zone(naive: str) -> str:
        return naive if time_zone == "UTC" else f"timezone('UTC', timezone({quote(time_zone)}, {naive}))"

    if raw_type == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('UTC', {raw})"
    if raw_type == "VARCHAR":
        # Exports also write "10:00:00 +0200" and "10:00:00 UTC".
        moment = f"regexp_replace(regexp_replace({text}, ' *(UTC|GMT|z)$', 'Z'), ' +([+-][0-9:]+)$', '\\1')"
        with_offset = f"timezone('UTC', try_cast({moment} as timestamptz))"
        without = from_zone(f"try_cast({text} as timestamp)")
        return (
            f"case when regexp_matches({moment}, {_OFFSET}) then {with_offset}"
            f" when regexp_matches({text}, {_NAIVE}) then {without} end"
        )
    return from_zone(f"try_cast({raw} as timestamp)")


def problem(column: Column, raw: str) -> str:
    """Return an expression that is NULL, or says which value did not fit the column's type.

    The value itself is left out for personal data: reasons are shown in reports. In a row whose columns have shifted
    an address may stand anywhere.
    """
    name = identifier(column.name)
    value = f"cast({raw} as varchar)"
    shown = f"(case when contains({value}, '@') then 'a value' else '''' || left({value}, 60) || '''' end)"
    if column.pii:
        shown = "'a value'"
    kind = f" is not {'an' if column.type[0] in 'aeiou' else 'a'} {column.type}"
    return (
        f"case when {name} is null and trim({value}) <> ''"
        f" then {quote(column.name + ': ')} || {shown} || {quote(kind)} end"
    )

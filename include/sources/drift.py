"""How the columns of a file differ from those of the files landed before.

The schema of a file stands in the record of its load, and nowhere else: a file that has not landed is not known, and
landing one again replaces what it said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from include.sources.entities import Entity
from include.sources.mapping import StreamSpec
from include.sources.schema import Schema

# A column that so few records had may be one that is left out when there is nothing to say.
ENOUGH = 20
NAMED = 10


def changes(schema: Schema, known: Iterable[dict[str, Any]], uses: Callable[[str], bool]) -> list[dict[str, Any]]:
    """Compare a file with those landed before.

    Args:
        schema: of the file.
        known: records of loads, each with its `schema`, `file`, `load_date` and `loaded_at`.
        uses: whether the mapping uses a column.

    Returns:
        Per column what has changed: `change` (new, missing, retyped), `was`, `now`, `since` and `since_file` (day and
        file of the last load that had it as it was), `stops` (nothing of the load may land unless someone says that it
        is right), `seen_at` (UTC).
    """
    past = _past(known)
    if not past or not schema:
        return []
    names = past.keys() | schema.keys()
    seen_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat()
    found = []
    for column in sorted(names):
        change = _change(column, _holder(column, names), past, schema)
        if change:
            what, stops = change
            was, now = past.get(column), schema.get(column)
            found.append(
                {
                    "column": column,
                    "change": what,
                    "was": was and was.kind,
                    "now": now and now["kind"],
                    "since": was and was.since,
                    "since_file": was and was.file,
                    "stops": stops and uses(column),
                    "seen_at": seen_at,
                }
            )
    return found


@dataclass
class _Known:
    kinds: set[str] = field(default_factory=set)
    kind: str = ""
    has: int = 0
    of: int = 0
    since: str = ""
    file: str = ""


def _past(known: Iterable[dict[str, Any]]) -> dict[str, _Known]:
    loads = sorted(known, key=lambda load: (load["load_date"], load["loaded_at"], load["file"]))
    names = {name for load in loads for name in load["schema"]}
    holders = {name: _holder(name, names) for name in names}
    past: dict[str, _Known] = {}
    for load in loads:
        schema = load["schema"]
        for name in past.keys() - schema.keys():
            past[name].of += _has_object(schema, holders[name])
        for name, column in schema.items():
            one = past.setdefault(name, _Known())
            one.has, one.of = one.has + column["in"], one.of + column["of"]
            if column["kind"] or not one.kind:
                one.kinds |= set(filter(None, column["kind"].split(", ")))
                one.kind, one.since, one.file = column["kind"], load["loaded_at"][:10], load["file"]
    return past


def _change(column: str, holder: str, past: dict[str, _Known], schema: Schema) -> tuple[str, bool] | None:
    was, now = past.get(column), schema.get(column)
    if was is None:
        # Of an object that was never there, or that is new itself, everything is new.
        held = not holder or (holder in past and "object" in past[holder].kinds)
        return ("new", False) if held else None
    if now is None:
        always = was.has == was.of and _has_object(schema, holder)
        return ("missing", was.of >= ENOUGH) if always else None
    kinds = set(filter(None, now["kind"].split(", ")))
    if not was.kinds or kinds <= was.kinds:
        return None
    return "retyped", not kinds & was.kinds


def _holder(column: str, names: Iterable[str]) -> str:
    """Find the object or list that a column is a part of; '' is the record itself."""
    if column.endswith("[]"):
        return column[:-2]
    while "." in column:
        column = column.rpartition(".")[0]
        if column in names:
            return column
    return ""


def _has_object(schema: Schema, holder: str) -> bool:
    return bool(schema) and (not holder or "object" in schema.get(holder, {}).get("kind", ""))


def uses(spec: StreamSpec, entity: Entity) -> Callable[[str], bool]:
    """Return whether a mapping uses a column: every part of its name stands somewhere in the mapping's SQL."""
    columns = entity.column_names if spec.columns == "same" else list(_texts(spec.model_dump()["columns"]))
    texts = {"views", "query", "where", "each", "one_row_per", "latest", "deleted_at", "seen_at"}
    parts = spec.model_dump(include=texts)
    text = "\n".join([*columns, *_texts(parts)])

    def found(column: str) -> bool:
        segments = [part for part in column.replace("[]", "").split(".") if part != "*"]
        return all(re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) for part in segments)

    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def once(reports: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Collect the changes of several files, with `source`, `stream`, `file`; what they share is the first one's."""
    found = [
        change | {name: report[name] for name in ("source", "stream", "file")}
        for report in reports
        for change in report.get("schema_changes", [])
    ]
    first: dict[tuple[Any, ...], dict[str, Any]] = {}
    for change in sorted(found, key=lambda change: (change["seen_at"], change["file"])):
        alike = ("source", "stream", "column", "change", "was", "now", "since")
        first.setdefault(tuple(change[name] for name in alike), change)
    return list(first.values())


def say(found: list[dict[str, Any]]) -> str:
    """Say in a line what has changed."""
    said = [_said(change) for change in found[:NAMED]]
    return "; ".join(said) + (f"; and {len(found) - NAMED} more" if len(found) > NAMED else "")


def _said(change: dict[str, Any]) -> str:
    column, now = change["column"], change["now"] or "without a value"
    if change["change"] == "new":
        return f"{column} is new ({now})"
    was = f"it was {change['was'] or 'without a value'} up to {change['since_file']}, loaded {change['since']}"
    return f"{column} is missing; {was}" if change["change"] == "missing" else f"{column} is {now}; {was}"

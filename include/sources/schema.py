"""Which columns the records of a file have, and of which kind: an even sample, whatever the size of the file."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import duckdb

from include.sources.readers import SAMPLE, SAMPLE_BYTES, Source, identifier

DEEPEST = 12
# An object with more keys than this is no record but a dictionary, whose keys are data.
MOST_KEYS = 200
KINDS = {str: "text", int: "number", float: "number", bool: "boolean", dict: "object", list: "list"}

Schema = dict[str, dict[str, Any]]
"""Column -> `kind` (text, number, boolean, time, object, list, several of them, or empty: never a value), `in`: how
many objects have it, `of`: how many could. Columns of JSON are dotted, `lines[]` stands for each item of a list."""


def schema_of(con: duckdb.DuckDBPyConnection, source: Source) -> Schema:
    """Look at a sample of a file's records; an empty file has an empty schema."""
    return _schema_of_json(con, source.json) if source.json else _schema_of_table(con, source)


def _schema_of_table(con: duckdb.DuckDBPyConnection, source: Source) -> Schema:
    names = ", ".join(map(identifier, source.columns))
    first = f"(select {names} from {source.relation} limit {SAMPLE})"
    types = [kind for _, kind, *_ in con.execute(f"describe {first}").fetchall()]
    counted = ", ".join(f"count({identifier(name)})" for name in source.columns)
    rows, *filled = con.execute(f"select count(*), {counted} from {first}").fetchall()[0]
    kinds = [_kind_of_type(kind) if count else "" for kind, count in zip(types, filled, strict=True)]
    columns = zip(source.columns, kinds, strict=True)
    return {name: {"kind": kind, "in": rows, "of": rows} for name, kind in columns} if rows else {}


def _kind_of_type(kind: str) -> str:
    if kind.endswith("]"):
        return "list"
    name = re.split(r"[(\s]", kind)[0]
    if name in ("STRUCT", "MAP", "UNION"):
        return "object"
    if name in ("VARCHAR", "JSON", "UUID", "ENUM", "BLOB", "BIT"):
        return "text"
    if name == "BOOLEAN":
        return "boolean"
    return "time" if name.startswith(("DATE", "TIME", "INTERVAL")) else "number"


def _schema_of_json(con: duckdb.DuckDBPyConnection, relation: str) -> Schema:
    rows = con.execute(f"select count(*) from {relation}").fetchall()[0][0]
    step = max(1, -(-rows // SAMPLE))
    sample = con.execute(f"select record from {relation} where _row % {step} = 0")
    seen, size = _Seen(), 0
    while size < SAMPLE_BYTES and (row := sample.fetchone()):
        size += len(row[0])
        seen.look("", json.loads(row[0]), 0)
    return seen.schema()


@dataclass
class _Seen:
    counts: Counter[str] = field(default_factory=Counter)
    objects: Counter[str] = field(default_factory=Counter)
    kinds: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    holders: dict[str, str] = field(default_factory=dict)
    columns: dict[tuple[str, str], str] = field(default_factory=dict)

    def look(self, path: str, value: Any, depth: int) -> None:
        self.counts[path] += 1
        # An empty list or object tells nothing: some vendors write [] for an object without keys.
        if value is None or value in ([], {}):
            return
        kind = KINDS[type(value)]
        self.kinds[path].add(kind)
        if depth == DEEPEST:
            return
        if kind == "object":
            self.objects[path] += 1
            for key, inner in value.items():
                self.look(self.columns.get((path, key)) or self._column(path, key), inner, depth + 1)
        elif kind == "list":
            items = f"{path}[]"
            self.holders[items] = path
            for inner in value:
                self.look(items, inner, depth + 1)

    def _column(self, path: str, key: str) -> str:
        name = _name(key)
        column = f"{path}.{name}" if path else name
        self.holders[column] = path
        self.columns[path, key] = column
        return column

    def schema(self) -> Schema:
        keys = Counter(self.holders.values())
        dictionaries = tuple(f"{path}." for path, count in keys.items() if path and count > MOST_KEYS)
        schema = {}
        for column, holder in sorted(self.holders.items()):
            if not column.startswith(dictionaries):
                count = self.counts[column]
                of = self.objects[holder] or count
                kind = ", ".join(sorted(self.kinds[column]))
                schema[column] = {"kind": kind, "in": min(count, of), "of": of}
        return schema


def _name(key: str) -> str:
    """Keys that are dates, numbers or addresses are data, which may be personal."""
    return key if "@" not in key and any(letter.isalpha() for letter in key) else "*"

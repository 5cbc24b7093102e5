"""The query that gives a file's records in the columns and types of the entity's contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from include.sources.entities import Entity
from include.sources.mapping import Constant, Expression, Mapping, RowNumber, StreamSpec
from include.sources.readers import Source, SourceFileError, identifier, quote
from include.sources.typing_sql import problem, typed

# What a mapping may say of a row beside the contract's columns.
PROVENANCE_OF_ROWS = ("_parent", "_deleted_at", "_seen_at")


def contract_query(
    con: duckdb.DuckDBPyConnection, mapping: Mapping, entity: Entity, spec: StreamSpec, source: Source, path: Path
) -> str:
    """Return it; its columns are the contract's, `_problem`, PROVENANCE_OF_ROWS, `_superseded_by` and `_row`.

    Raises:
        SourceFileError: a mapped column is missing, or an expression does not fit the file.
    """
    raw = _raw_expressions(mapping, entity, spec, source, path)
    grouped = f" group by {', '.join(map(identifier, spec.one_row_per))}" if spec.one_row_per else ""
    row = "min(_row)" if spec.one_row_per else "_row"
    filtered = f" where {spec.where}" if spec.where else ""
    selected = ", ".join(f"{sql} as {identifier('r_' + name)}" for name, sql in raw.items())
    provenance = ", ".join(f"{sql} as {name}" for name, sql in _provenance(raw, spec).items())
    raw_query = (
        f"select {selected}, {provenance}, {row} as _row from (select * from {source.relation}{filtered}){grouped}"
    )
    try:
        types = {name: kind for name, kind, *_ in con.execute(f"describe {raw_query}").fetchall()}
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise SourceFileError(
            f"{path}: streams.{entity.name}: the mapping does not fit the file: {reason}."
            f" The file has {', '.join(source.columns)}."
        ) from error
    columns, problems = [], []
    for column in entity.columns:
        if column.name not in raw:
            columns.append(f"cast(null as {column.duckdb_type}) as {column.name}")
            continue
        value = identifier("r_" + column.name)
        sql = typed(column, value, types["r_" + column.name], mapping.time_zone)
        if column.type == "status" and spec.status_map:
            sql = _mapped_status(sql, spec.status_map)
        columns.append(f"{sql} as {column.name}")
        if column.type not in ("text", "status", "currency"):
            problems.append(problem(column, value))
    said = f"nullif(concat_ws('; ', {', '.join(problems)}), '')" if problems else "cast(null as varchar)"
    beside = f"{said} as _problem, {', '.join(PROVENANCE_OF_ROWS)}, cast(null as bigint) as _superseded_by, _row"
    return f"select {', '.join(columns)}, {beside} from ({raw_query})"


def _provenance(raw: dict[str, str], spec: StreamSpec) -> dict[str, str]:
    is_raw = spec.format == "raw"
    seen = spec.seen_at or ("pulled_at" if is_raw else None)
    deleted = spec.deleted_at or ("deleted_at" if is_raw else None)
    if spec.each and spec.parent:
        # The parent has none of these rows any more: those it had are gone.
        gone = f"case when item is null then {seen or 'now()'} end"
        deleted = f"coalesce({deleted}, {gone})" if deleted else gone
    parent = f"cast({raw[spec.parent]} as varchar)" if spec.parent else "null"
    return {
        "_parent": f"cast({parent} as varchar)",
        "_deleted_at": f"cast({deleted or 'null'} as timestamp)",
        "_seen_at": f"cast({seen or 'null'} as timestamp)",
    }


def _raw_expressions(mapping: Mapping, entity: Entity, spec: StreamSpec, source: Source, path: Path) -> dict[str, str]:
    if spec.columns == "same":
        specs: dict[str, Any] = {name: name for name in entity.column_names if name in source.columns}
    else:
        specs = dict(spec.columns)
    names = set(entity.column_names)
    if "currency" in names and "currency" not in specs and mapping.currency:
        specs["currency"] = Constant(value=mapping.currency)
    if "source_status" in names and "source_status" not in specs and "status" in specs:
        specs["source_status"] = specs["status"]
    plain = [item for item in specs.values() if isinstance(item, str)]
    absent = sorted({name for name in [*plain, *spec.one_row_per] if name not in source.columns})
    absent += sorted(column.name for column in entity.columns if column.required and column.name not in specs)
    if absent:
        raise SourceFileError(
            f"{path}: streams.{entity.name}: missing column {', '.join(absent)}; the file has"
            f" {', '.join(source.columns)}. Correct the mapping or export the file with this column."
        )
    return {name: _raw_sql(item, spec) for name, item in specs.items()}


def _raw_sql(item: str | Constant | Expression | RowNumber, spec: StreamSpec) -> str:
    if isinstance(item, Expression):
        return f"({item.expression})"
    if isinstance(item, Constant):
        return quote(item.value) if isinstance(item.value, str) else str(item.value).lower()
    if isinstance(item, RowNumber):
        within = ", ".join(map(identifier, item.row_number_within))
        return f"row_number() over (partition by {within} order by _row)"
    if spec.one_row_per and item not in spec.one_row_per:
        return f"first({identifier(item)} order by _row)"
    return identifier(item)


def _mapped_status(sql: str, status_map: dict[str, str]) -> str:
    cases = " ".join(f"when {quote(k.strip().lower())} then {quote(v)}" for k, v in sorted(status_map.items()))
    return f"case lower({sql}) {cases} else {sql} end"

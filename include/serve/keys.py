"""What makes a row unique, as the contracts in dbt say it: the grain of each table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from include.serve.errors import ServeError
from include.warehouse.dbt import MANIFEST


@dataclass(frozen=True)
class Key:
    """The columns of a table's grain.

    Attributes:
        columns: their names.
        is_primary: none of them is ever NULL; otherwise NULL is a value like others.
    """

    columns: tuple[str, ...]
    is_primary: bool


def keys() -> dict[tuple[str, str], Key]:
    """Read the grain of every model and seed that dbt tests.

    Returns:
        (schema, table) -> key.

    Raises:
        ServeError: the project was not parsed.
    """
    if not MANIFEST.exists():
        raise ServeError(f"{MANIFEST} does not exist; run `make manifest` (the container image has it built in).")
    return keys_of(json.loads(MANIFEST.read_text(encoding="utf-8")))


def keys_of(manifest: dict[str, Any]) -> dict[tuple[str, str], Key]:
    """Take the keys out of a manifest: the tests `grain` and `unique`, where a table has both the first of them."""
    nodes, found = manifest["nodes"], {}
    for test in nodes.values():
        tested = nodes.get(test.get("attached_node"))
        kind = (test.get("test_metadata") or {}).get("name")
        if not tested or kind not in ("grain", "unique") or test["config"].get("where"):
            continue
        arguments = test["test_metadata"]["kwargs"]
        columns = tuple(arguments["columns"] if kind == "grain" else [arguments["column_name"]])
        known = set(arguments.get("never_null", ())) | _not_null(tested)
        place = (tested["schema"], tested["alias"])
        key = Key(columns, known.issuperset(columns))
        # dbt's `unique` lets NULL repeat, a unique index that takes NULL for a value does not.
        if kind == "grain" or (key.is_primary and place not in found):
            found[place] = key
    return found


def _not_null(model: dict[str, Any]) -> set[str]:
    return {
        column["name"]
        for column in model["columns"].values()
        if any(constraint["type"] in ("not_null", "primary_key") for constraint in column.get("constraints") or ())
    }

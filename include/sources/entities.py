"""The contract of every stream: one YAML file per entity in entities/, read into typed objects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

ENTITIES_DIR = Path(__file__).parent / "entities"

DUCKDB_TYPES = {
    "text": "varchar",
    "status": "varchar",
    "currency": "varchar",
    "integer": "bigint",
    "decimal": "decimal(18, 4)",
    "timestamp": "timestamp",
    "date": "date",
    "boolean": "boolean",
}
FAMILIES = ("shop", "ads", "email", "web", "feedback")


@dataclass(frozen=True)
class Column:
    """One column of an entity, with the type it has in the lake."""

    name: str
    type: str
    description: str
    required: bool = False
    pii: bool = False

    @property
    def duckdb_type(self) -> str:
        """The column's type in DuckDB and in the lake's Parquet files."""
        return DUCKDB_TYPES[self.type]


@dataclass(frozen=True)
class Entity:
    """The contract of one stream: its grain, its columns and the column that says when it happened."""

    name: str
    family: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    event_time: str | None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the order in which they lie in the lake."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return one column.

        Raises:
            KeyError: the entity has no such column.
        """
        return next(column for column in self.columns if column.name == name)


@lru_cache(maxsize=1)
def all_entities() -> dict[str, Entity]:
    """Read every contract, keyed by entity name, sorted by family and name."""
    entities = [_read(path) for path in sorted(ENTITIES_DIR.glob("*.yml"))]
    return {entity.name: entity for entity in sorted(entities, key=lambda e: (FAMILIES.index(e.family), e.name))}


def family_entities(family: str) -> dict[str, Entity]:
    """Return the entities that one load DAG brings in."""
    return {name: entity for name, entity in all_entities().items() if entity.family == family}


def _read(path: Path) -> Entity:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    columns = tuple(Column(name=name, **spec) for name, spec in raw["columns"].items())
    return Entity(
        name=path.stem,
        family=raw["family"],
        description=raw["description"],
        key=tuple(raw["key"]),
        columns=columns,
        event_time=raw.get("event_time"),
    )

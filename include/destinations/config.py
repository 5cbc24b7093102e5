"""Reads destinations.yml and finds each row's module."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from include.destinations.base import Destination
from include.destinations.rows import DestinationRow, DestinationType

if TYPE_CHECKING:
    from include.settings import Settings

Model = TypeVar("Model", bound=BaseModel)


class ConfigError(RuntimeError):
    """A configuration file cannot be used; the message names file, entry and key."""


def read_rows(path: Path, root: str) -> list[dict[str, Any]]:
    """Read the list under `root` of a YAML file.

    Args:
        path: the file.
        root: its only top-level key, which holds a list of mappings.

    Raises:
        ConfigError: the file is missing, is no YAML or has another shape.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file; expected a YAML file with the list '{root}'.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not readable as YAML: {error}") from error
    if not isinstance(content, dict) or set(content) != {root} or not isinstance(content[root], list):
        came = sorted(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise ConfigError(f"{path}: expected exactly one top-level key '{root}' holding a list, got {came}.")
    for position, row in enumerate(content[root]):
        if not isinstance(row, dict):
            raise ConfigError(f"{path}: {root}[{position}]: expected a mapping, got {row!r}.")
    return content[root]


def validate_row(model: type[Model], row: Mapping[str, Any], where: str) -> Model:
    """Turn one entry into its model.

    Raises:
        ConfigError: names the entry, each key that cannot be used and the keys that exist.
    """
    try:
        return model.model_validate(row)
    except ValidationError as error:
        problems = [
            f"key '{'.'.join(str(part) for part in item['loc']) or '(entry)'}': {item['msg']} (got {item['input']!r})"
            for item in error.errors()
        ]
        known = ", ".join(sorted(model.model_fields))
        raise ConfigError(f"{where}: {'; '.join(problems)}. Known keys: {known}.") from error


def unique_ids(ids: list[str], where: str) -> None:
    """Refuse a list that names the same id twice.

    Raises:
        ConfigError: names the ids.
    """
    doubled = sorted({item for item in ids if ids.count(item) > 1})
    if doubled:
        raise ConfigError(f"{where}: every id must be unique, these came more than once: {', '.join(doubled)}.")


def destination_type(name: str, where: str) -> DestinationType:
    """Import the module of a destination type.

    Raises:
        ConfigError: no module of that name defines ``DESTINATION``.
    """
    known = sorted(item.name for item in pkgutil.iter_modules([str(Path(__file__).parent)]))
    if name in known:
        found = getattr(importlib.import_module(f"include.destinations.{name}"), "DESTINATION", None)
        if isinstance(found, DestinationType):
            return found
    raise ConfigError(
        f"{where}: there is no destination type '{name}': expected a module include/destinations/{name}.py that "
        "defines DESTINATION. See docs/publishing.md, 'Adding a destination'."
    )


def load_destinations(settings: Settings) -> dict[str, DestinationRow]:
    """Read every destination row, enabled or not, in the file's order.

    Raises:
        ConfigError: names the file, the entry and the key that cannot be used.
    """
    path = settings.destinations_file
    rows: list[DestinationRow] = []
    for position, raw in enumerate(read_rows(path, "destinations")):
        where = f"{path}: destinations[{position}] ({raw.get('id', 'without id')})"
        rows.append(validate_row(destination_type(str(raw.get("type")), where).row, raw, where))
    unique_ids([row.id for row in rows], str(path))
    return {row.id: row for row in rows}


def why_off(row: DestinationRow, settings: Settings) -> str | None:
    """Say why a destination cannot be used now, or None when it can."""
    if not row.enabled:
        return f"it has 'enabled: false' in {settings.destinations_file}"
    missing = destination_type(row.type, row.id).missing(row, settings)
    return f"{missing} is not set" if missing else None


def create_destination(row: DestinationRow, settings: Settings) -> Destination:
    """Build the destination of a row.

    Raises:
        ConfigError: it is off; the message names the row's key or the variable that turns it on.
    """
    reason = why_off(row, settings)
    if reason:
        raise ConfigError(f"Destination '{row.id}' is off: {reason}.")
    return destination_type(row.type, row.id).create(row, settings)

"""A user's source file of a vendor: which account or which exported tables, and what of them.

The vendor's mapping into the contracts ships with the project, include/sources/mappings/<vendor>/<shape>.yml; a source
file names the vendor and the shape, and may replace single columns of it.
"""

from __future__ import annotations

import importlib
from datetime import date
from pathlib import Path
from string import Template
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from include.sources.mapping import NAME, ColumnSpec, Mapping, MappingError, load_yaml, read_yaml, validated
from include.sources.pull.base import Options, Vendor

MAPPINGS = Path(__file__).with_name("mappings")
VENDORS = Path(__file__).with_name("vendors")
Shape = Literal["perennial", "airbyte", "fivetran", "dlt"]


class SourceFile(BaseModel):
    """What a source file says.

    Attributes:
        source: name in the lake.
        vendor: a file in include/sources/vendors/.
        shape: perennial = pulled by Perennial from the vendor's API; otherwise whose tables it reads.
        connection: Airflow connection: of the vendor's account, or of the PostgreSQL that holds the tables.
        base: folder of exported tables, where they do not come over a connection.
        tables_schema: schema of the tables in PostgreSQL.
        shop: whose customers and orders it speaks of; default: its own. The e-mail tool of shop `eu` says `shop: eu`.
        time_zone: IANA zone: the account's, in which it counts days, and of times without an offset.
        currency: ISO 4217 code where the vendor names none.
        since: first day to pull; default: everything the vendor has.
        streams: entities to take; default: all that the vendor feeds.
        columns: entity -> column -> what it comes from, in place of the shipped mapping's.
        status_map: the shop's own statuses -> completed, pending, cancelled, on top of the shipped ones.
        accept_schema: stream -> column -> what it is from now on, where gate 1 stopped on it (docs/gates.md).
        options: the vendor's own, docs/sources/ describes them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(pattern=NAME)
    description: str = ""
    vendor: str
    shape: Shape = "perennial"
    connection: str | None = None
    base: str | None = None
    tables_schema: str | None = None
    shop: str | None = Field(default=None, pattern=NAME)
    time_zone: str
    currency: str | None = None
    since: date | None = None
    streams: tuple[str, ...] | None = None
    columns: dict[str, dict[str, ColumnSpec]] = Field(default={})
    status_map: dict[str, Literal["completed", "pending", "cancelled"]] = Field(default={})
    accept_schema: dict[str, dict[str, str]] = Field(default={})
    options: dict[str, Any] = Field(default={})

    @property
    def is_pulled(self) -> bool:
        """Whether Perennial itself asks the vendor."""
        return self.shape == "perennial"


def vendor_names() -> list[str]:
    """Name the vendors there are."""
    return sorted(path.stem for path in VENDORS.glob("[a-z]*.py"))


def find_vendor(name: str) -> Vendor:
    """Import a vendor's file.

    Raises:
        MappingError: there is none.
    """
    if name not in vendor_names():
        raise MappingError(f"vendor {name!r} is unknown; expected one of {', '.join(vendor_names())}.")
    return importlib.import_module(f"include.sources.vendors.{name}").VENDOR


def read_source_file(path: Path) -> SourceFile | None:
    """Read a source file; None when the path is a mapping file of the user's own.

    Raises:
        MappingError: it cannot be used.
    """
    raw = read_yaml(path)
    return parse_source_file(path, raw) if isinstance(raw, dict) and "vendor" in raw else None


def parse_source_file(path: Path, raw: dict[str, Any]) -> SourceFile:
    """Check what a source file holds.

    Raises:
        MappingError: a key, the vendor, the shape or an option is wrong; the message names the file and the place.
    """
    found = validated(SourceFile, raw, path)
    if found.vendor not in vendor_names():
        raise MappingError(f"{path}: vendor: {found.vendor!r} is unknown; expected {', '.join(vendor_names())}.")
    if not _mapping_path(found).exists():
        shapes = ", ".join(sorted(file.stem for file in (MAPPINGS / found.vendor).glob("*.yml")))
        raise MappingError(f"{path}: shape: {found.vendor} has no {found.shape!r}; expected {shapes}.")
    if found.is_pulled and (found.connection is None or found.base is not None):
        raise MappingError(f"{path}: shape perennial is pulled: expected `connection`, and no `base`.")
    if not found.is_pulled and (found.base is None) == (found.connection is None):
        raise MappingError(
            f"{path}: shape {found.shape} reads tables: expected either `base`, their folder, or `connection` with "
            "`tables_schema`, the PostgreSQL that holds them."
        )
    if found.connection and not found.is_pulled and found.tables_schema is None:
        raise MappingError(f"{path}: tables_schema: expected the schema of the tables in PostgreSQL.")
    if found.is_pulled:
        options_of(found, path)
    elif found.options:
        raise MappingError(f"{path}: options: shape {found.shape} has none; got {', '.join(found.options)}.")
    return found


def options_of(found: SourceFile, path: Path) -> Options:
    """Return the vendor's options, with its defaults.

    Raises:
        MappingError: an option is unknown or wrong.
    """
    return validated(find_vendor(found.vendor).options, found.options, path)


def mapping_of(found: SourceFile, path: Path) -> Mapping:
    """Return the mapping that a source file comes to.

    Raises:
        MappingError: the streams or columns it names are not the vendor's.
    """
    text = _mapping_path(found).read_text(encoding="utf-8")
    if found.is_pulled:
        text = Template(text).safe_substitute(options_of(found, path).model_dump(mode="json"))
    streams: dict[str, Any] = load_yaml(text)["streams"]
    wanted = streams if found.streams is None else found.streams
    unknown = sorted((set(wanted) | set(found.columns)) - set(streams))
    if unknown:
        raise MappingError(f"{path}: {found.vendor} feeds no {', '.join(unknown)}; expected {', '.join(streams)}.")
    chosen = {name: [_own(spec, name, found) for spec in _many(streams[name])] for name in wanted}
    same = ("source", "description", "shop", "time_zone", "currency", "accept_schema")
    fields = {name: getattr(found, name) for name in same}
    base = None if found.connection else found.base
    return validated(Mapping, fields | {"base": base, "streams": chosen}, path)


def _mapping_path(found: SourceFile) -> Path:
    return MAPPINGS / found.vendor / f"{found.shape}.yml"


def _many(spec: Any) -> list[dict[str, Any]]:
    return spec if isinstance(spec, list) else [spec]


def _own(spec: dict[str, Any], stream: str, found: SourceFile) -> dict[str, Any]:
    spec = spec | {"columns": spec["columns"] | found.columns.get(stream, {})}
    if found.status_map and "status" in spec["columns"]:
        spec |= {"status_map": spec.get("status_map", {}) | found.status_map}
    return spec

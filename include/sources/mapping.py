"""A user's mapping file: which files hold which entity, and which of their columns mean what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from include.lake.layout import Lake
from include.settings import Settings
from include.sources.entities import Entity, all_entities

NAME = r"^[a-z][a-z0-9_]*$"
Model = TypeVar("Model", bound=BaseModel)


class MappingError(ValueError):
    """A mapping file cannot be used; the message names the file, the place and what was expected."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Constant(_Strict):
    """The same value in every row."""

    value: str | int | float | bool


class Expression(_Strict):
    """DuckDB SQL over the columns of the file."""

    expression: str


class RowNumber(_Strict):
    """1, 2, 3 … in the order of the file, starting again for each combination of these columns."""

    row_number_within: list[str] = Field(min_length=1)


ColumnSpec = Annotated[str | Constant | Expression | RowNumber, Field(union_mode="left_to_right")]


class CsvOptions(_Strict):
    """How a CSV file is written."""

    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1, description="Empty: the file quotes nothing")
    encoding: Literal["utf-8", "utf-16", "latin-1"] = "utf-8"


class Latest(_Strict):
    """Of the records with the same key only the last counts; the others are neither read nor refused."""

    key: list[str] = Field(min_length=1, description="Columns of the file")
    by: str | None = Field(default=None, description="Column that grows with each version; default: the file's order")


class StreamSpec(_Strict):
    """Where one entity comes from."""

    files: str = Field(description="Glob below the mapping's base folder")
    format: Literal["csv", "jsonl", "parquet", "raw"] = Field(description="raw: records pulled from a vendor's API")
    csv: CsvOptions = CsvOptions()
    tables: dict[str, str] = Field(default={}, description="Further tables for `query`: name -> glob, same format")
    views: dict[str, str] = Field(default={}, description="Name -> SQL over `records`, `tables` and the views before")
    query: str | None = Field(
        default=None, description="SQL over `records`, `tables` and `views` in place of the file's records"
    )
    may_lack: dict[str, Annotated[list[str], Field(min_length=1)]] = Field(
        default={}, description="`records` or a name in `tables` -> columns read as empty text where it lacks them"
    )
    may_be_missing: list[str] = Field(default=[], description="Names in `tables` read as empty where there is no file")
    nested_by: str | None = Field(
        default=None, description="What parts a nested record's name from its fields' in columns and tables' folders"
    )
    latest: Latest | None = None
    where: str | None = None
    each: str | None = Field(default=None, description="JSON path of a list in `payload`; one row per `item` of it")
    one_row_per: list[str] = Field(default=[])
    parent: str | None = Field(default=None, description="Contract column whose rows are replaced together")
    deleted_at: str | None = Field(default=None, description="SQL: when the record was deleted, NULL while it exists")
    seen_at: str | None = Field(default=None, description="SQL: when the source said so; default: when it lands")
    columns: Literal["same"] | dict[str, ColumnSpec]
    status_map: dict[str, Literal["completed", "pending", "cancelled"]] = Field(default={})
    max_age_days: float | None = Field(default=None, gt=0, description="Older newest event than this stops the load")

    @field_validator("files")
    @classmethod
    def _below_base(cls, value: str) -> str:
        if not value or Path(value).is_absolute():
            raise ValueError("expected a glob below the mapping's base folder, such as orders/*.csv")
        return value

    @model_validator(mode="after")
    def _tables_of_the_query(self) -> StreamSpec:
        strange = sorted({*self.may_lack, *self.may_be_missing} - {"records", *self.tables})
        if strange:
            raise ValueError(f"no table {', '.join(strange)}; expected {', '.join(['records', *self.tables])}")
        for name in ("may_lack", "views", "nested_by"):
            if getattr(self, name) and not self.query:
                raise ValueError(f"{name} is for `query`, and there is none")
        taken = sorted({"records", *self.tables} & set(self.views))
        if taken:
            raise ValueError(f"views: the name {', '.join(taken)} is that of a table; expected another")
        bare = sorted(set(self.may_be_missing) - (set(self.may_lack) - {"records"}))
        if bare:
            raise ValueError(f"may_be_missing: expected the columns of {', '.join(bare)} in may_lack")
        return self


class Mapping(_Strict):
    """One source: its name in the lake and the streams it feeds.

    Attributes:
        shop: whose customers, orders, products, campaigns it names; sources of one shop know each other's ids.
        base: folder of the files; None = the records pulled from the vendor, in the lake.
        accept_schema: stream -> column -> what it is from now on, a kind or `missing`, where gate 1 stopped on it.
    """

    source: str = Field(pattern=NAME)
    description: str = ""
    shop: str | None = Field(default=None, pattern=NAME)
    time_zone: str
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    base: str | None
    accept_schema: dict[str, dict[str, str]] = Field(default={})
    streams: dict[str, list[StreamSpec]]

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("expected an IANA time zone such as Europe/London")
        return value

    @field_validator("streams", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        if isinstance(value, dict):
            return {name: spec if isinstance(spec, list) else [spec] for name, spec in value.items()}
        return value

    @model_validator(mode="after")
    def _only_contract_columns(self) -> Mapping:
        for name, specs in self.streams.items():
            entity = all_entities().get(name)
            if entity is None:
                raise ValueError(f"streams.{name}: no such entity; known are {', '.join(all_entities())}")
            for spec in specs:
                _check_columns(entity, spec, self.currency)
        strange = sorted(set(self.accept_schema) - set(self.streams))
        if strange:
            raise ValueError(f"accept_schema: no stream {', '.join(strange)} here; expected {', '.join(self.streams)}")
        return self

    @property
    def ids_of(self) -> str:
        """The shop, or the source itself."""
        return self.shop or self.source

    def base_dir(self, settings: Settings) -> Path:
        """Folder of the files; a relative `base` lies below the data folder."""
        if self.base is None:
            return Lake(settings).raw(self.source)
        base = Path(self.base).expanduser()
        return base if base.is_absolute() else settings.data_dir / base


def _check_columns(entity: Entity, spec: StreamSpec, currency: str | None) -> None:
    if spec.parent is not None and spec.parent not in entity.column_names:
        known = ", ".join(entity.column_names)
        raise ValueError(f"streams.{entity.name}.parent: unknown {spec.parent}; the contract has {known}")
    if spec.columns == "same":
        return
    unknown = sorted(set(spec.columns) - set(entity.column_names))
    if unknown:
        known = ", ".join(entity.column_names)
        raise ValueError(f"streams.{entity.name}.columns: unknown {', '.join(unknown)}; the contract has {known}")
    given = set(spec.columns) | ({"currency"} if currency else set())
    missing = [column.name for column in entity.columns if column.required and column.name not in given]
    if missing:
        raise ValueError(f"streams.{entity.name}.columns: the required {', '.join(missing)} is not mapped")


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping file, or a source file of a vendor.

    Raises:
        MappingError: the file is missing, is not YAML, or does not fit the contracts or the vendor.
    """
    raw = read_yaml(path)
    if isinstance(raw, dict) and "vendor" in raw:
        from include.sources.source_file import mapping_of, parse_source_file

        return mapping_of(parse_source_file(path, raw), path)
    if isinstance(raw, dict) and raw.get("base") is None:
        raise MappingError(f"{path}: base: Field required, the folder of the files. docs/add-a-source.md describes it.")
    return validated(Mapping, raw, path)


def read_yaml(path: Path) -> Any:
    """Read a YAML file.

    Raises:
        MappingError: it is missing or not YAML.
    """
    try:
        return load_yaml(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MappingError(f"{path}: no such mapping file; PERENNIAL_SOURCES lists the files to load") from error
    except yaml.YAMLError as error:
        raise MappingError(f"{path}: not readable as YAML: {error}") from error


def load_yaml(text: str) -> Any:
    """Parse YAML; the parser in Python takes a tenth of a second for a vendor's mapping."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


def validated(model: type[Model], raw: Any, path: Path) -> Model:
    """Make a model of what a file holds.

    Raises:
        MappingError: it does not fit; the message names every place.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors())
        raise MappingError(f"{path}: {problems}. docs/add-a-source.md describes the format.") from error

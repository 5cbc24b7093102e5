"""A user's mapping file: which files hold which entity, and which of their columns mean what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from include.sources.entities import Entity, all_entities


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


class StreamSpec(_Strict):
    """Where one entity comes from."""

    files: str = Field(description="Glob below the mapping's base folder")
    format: Literal["csv", "jsonl", "parquet"]
    csv: CsvOptions = CsvOptions()
    where: str | None = None
    one_row_per: list[str] = Field(default=[])
    columns: Literal["same"] | dict[str, ColumnSpec]
    status_map: dict[str, Literal["completed", "pending", "cancelled"]] = Field(default={})
    max_age_days: float | None = Field(default=None, gt=0, description="Older newest event than this stops the load")

    @field_validator("files")
    @classmethod
    def _below_base(cls, value: str) -> str:
        if not value or Path(value).is_absolute():
            raise ValueError("expected a glob below the mapping's base folder, such as orders/*.csv")
        return value


class Mapping(_Strict):
    """One source: its name in the lake and the streams it feeds."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str = ""
    time_zone: str
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    base: str
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
        return self

    def base_dir(self, data_dir: Path) -> Path:
        """Folder of the files; a relative `base` lies below the data folder."""
        base = Path(self.base).expanduser()
        return base if base.is_absolute() else data_dir / base


def _check_columns(entity: Entity, spec: StreamSpec, currency: str | None) -> None:
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
    """Read and check a mapping file.

    Raises:
        MappingError: the file is missing, is not YAML, or does not fit the contracts.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MappingError(f"{path}: no such mapping file; PERENNIAL_SOURCES lists the files to load") from error
    except yaml.YAMLError as error:
        raise MappingError(f"{path}: not readable as YAML: {error}") from error
    try:
        return Mapping.model_validate(raw)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors())
        raise MappingError(f"{path}: {problems}. docs/add-a-source.md describes the format.") from error

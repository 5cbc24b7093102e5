"""Every setting of the project, read once from the environment or a .env file.

The names are those of .env.example with the prefix PERENNIAL_. A value that cannot be used stops the process at
start-up with the name of the variable, what came and what was expected.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class SettingsError(RuntimeError):
    """A setting is missing or unusable; the message names the variable and the remedy."""


class Settings(BaseSettings):
    """The project's configuration; one attribute per PERENNIAL_ variable."""

    model_config = SettingsConfigDict(env_prefix="PERENNIAL_", env_file=PROJECT_ROOT / ".env", extra="ignore")

    data_dir: Path = PROJECT_ROOT / "data"
    lake_url: str | None = Field(default=None, description="Folder or fsspec URL of the lake; default <data_dir>/lake")
    sources: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), description="Mapping files of the sources to load, comma separated"
    )
    reporting_currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$", description="ISO 4217 code of every mart")
    reporting_minor_units: int = Field(default=2, ge=0, le=4, description="Decimals of the reporting currency")
    time_zone: str = Field(default="UTC", description="IANA zone in which days are counted")
    load_schedule: str = Field(default="0 3 * * *", description="Cron of the load DAGs in time_zone; none = by hand")
    quarantine_max_share: float = Field(default=0.01, ge=0, le=1, description="Share of bad rows that stops a load")
    quarantine_min_rows: int = Field(default=10, ge=0, description="Up to this many bad rows never stop a load")
    ledger_url: str | None = Field(default=None, description="SQLAlchemy URL; default SQLite in <data_dir>/ledger")
    audiences_file: Path = PROJECT_ROOT / "include" / "publisher" / "audiences.yml"
    destinations_file: Path = PROJECT_ROOT / "include" / "destinations" / "destinations.yml"
    ledger_key: SecretStr | None = Field(
        default=None, description="Key of the ledger's hashes; default a file beside it"
    )
    publish_max_age_hours: float = Field(
        default=48, gt=0, description="Older warehouses are published with approval only"
    )
    publish_history_days: int = Field(default=400, ge=1, description="How long the ledger keeps each run's changes")
    serve_url: SecretStr | None = Field(default=None, description="URL of the PostgreSQL for BI tools; unset = none")
    serve_contacts: bool = Field(default=False, description="Serve names, e-mails and phones there too, to their role")
    webhook_url: HttpUrl | None = Field(default=None, description="Where the webhook destination posts; unset = off")
    webhook_secret: SecretStr | None = Field(default=None, description="Key that signs webhook requests")

    @field_validator("sources", mode="before")
    @classmethod
    def _split_sources(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part.strip()) for part in value.split(",") if part.strip())
        return value

    @field_validator("data_dir", "audiences_file", "destinations_file")
    @classmethod
    def _from_the_project(cls, value: Path) -> Path:
        """Read a relative path from the project's folder: dbt and Airflow run in folders of their own."""
        return PROJECT_ROOT / value.expanduser()

    @field_validator("sources")
    @classmethod
    def _sources_from_the_project(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(PROJECT_ROOT / path.expanduser() for path in value)

    @field_validator("time_zone")
    @classmethod
    def _known_time_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("expected an IANA time zone such as Europe/London")
        return value

    @property
    def lake(self) -> str:
        """Root of the lake, without a trailing slash."""
        if self.lake_url and "://" in self.lake_url:
            return self.lake_url.rstrip("/")
        return str(PROJECT_ROOT / self.lake_url) if self.lake_url else str(self.data_dir / "lake")

    @property
    def build_warehouse(self) -> Path:
        """The DuckDB file that dbt writes and nobody else opens."""
        return self.data_dir / "build" / "warehouse.duckdb"

    @property
    def live_warehouse(self) -> Path:
        """The DuckDB file that analysts and BI tools read."""
        return self.data_dir / "live" / "warehouse.duckdb"

    @property
    def live_contacts(self) -> Path:
        """The DuckDB file with names, e-mails and phones; only the publisher opens it."""
        return self.data_dir / "live" / "contacts.duckdb"

    @property
    def customer_pages(self) -> Path:
        """Pages about one customer each, of the build that is live; the next promotion removes them."""
        return self.data_dir / "customers"

    @property
    def ledger(self) -> str:
        """SQLAlchemy URL of the publishing ledger."""
        return self.ledger_url or f"sqlite:///{self.data_dir / 'ledger' / 'ledger.db'}"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Read the settings once per process.

    Raises:
        SettingsError: a variable holds something unusable.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(
            f"PERENNIAL_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']} (got {item['input']!r})"
            for item in error.errors()
        )
        raise SettingsError(f"The settings cannot be used: {problems}. See .env.example.") from error

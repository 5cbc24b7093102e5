"""What a row of destinations.yml may say, and what a destination's module offers to whoever reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from include.destinations.base import Destination, DestinationRefused
from include.destinations.credentials import Credentials, credentials, missing_connection
from include.destinations.http import RetryRules

if TYPE_CHECKING:
    from include.settings import Settings


class DestinationRow(BaseModel):
    """What every row of destinations.yml has; each type adds its own keys and refuses unknown ones.

    Attributes:
        id: name in audiences.yml.
        type: module in include/destinations/.
        enabled: False turns it off.
        dry_run: True shows plans and sends nothing; "first" does so in the first run of each audience, so that somebody
            can read the plan; False sends.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    type: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    enabled: bool = True
    dry_run: bool | Literal["first"] = True


class RemoteRow(DestinationRow):
    """What the row of a destination behind a network has besides; waits and timeouts are in seconds."""

    timeout_seconds: float = Field(default=60, gt=0, le=600)
    attempts: int = Field(default=6, ge=1, le=20)
    first_wait_seconds: float = Field(default=1, ge=0, le=60)
    max_wait_seconds: float = Field(default=60, ge=0, le=900)

    @property
    def rules(self) -> RetryRules:
        """How often and how long a request is tried."""
        return RetryRules(self.attempts, self.first_wait_seconds, self.max_wait_seconds)


class VendorRow(RemoteRow):
    """What the row of a vendor's API has besides.

    Attributes:
        connection: id of the Airflow connection with the credentials; without that connection the destination is off.
    """

    connection: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")

    def entry(self, key: str, name: str) -> Any:
        """Return what the row says of an audience or attribute under one of its keys.

        Raises:
            DestinationRefused: nothing.
        """
        entries: Mapping[str, Any] = getattr(self, key)
        if name not in entries:
            raise self.lacks(key, name)
        return entries[name]

    def lacks(self, key: str, name: str) -> DestinationRefused:
        """Make the error for an audience or attribute of which a key of the row says nothing."""
        return DestinationRefused(
            f"{self.id}: its row in destinations.yml says nothing of '{name}' under '{key}'; add "
            f"`{key}: {{{name}: …}}` (docs/destinations/{self.type}.md)."
        )


@dataclass(frozen=True)
class DestinationType:
    """What a destination module offers to the registry.

    Attributes:
        row: model of its settings row.
        create: builds the destination from its row and the settings.
        missing: names the variable or connection without which it cannot work, or None when nothing is missing.
    """

    row: type[DestinationRow]
    create: Callable[[Any, Settings], Destination]
    missing: Callable[[Any, Settings], str | None] = lambda row, settings: None


def vendor(row: type[VendorRow], create: Callable[[Any, Credentials], Destination]) -> DestinationType:
    """Offer a vendor's destination, which is built from its row and its connection's credentials."""
    return DestinationType(
        row=row,
        create=lambda row, settings: create(row, credentials(row.connection)),
        missing=lambda row, settings: missing_connection(row.connection),
    )

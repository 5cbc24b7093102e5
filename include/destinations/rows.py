"""What a row of destinations.yml may say, and what a destination's module offers to whoever reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from include.destinations.base import Destination

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


class VendorRow(DestinationRow):
    """What the row of a vendor's API has besides; waits and timeouts are in seconds.

    Attributes:
        connection: id of the Airflow connection with the credentials; without that connection the destination is off.
    """

    connection: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")
    timeout_seconds: float = Field(default=60, gt=0, le=600)
    attempts: int = Field(default=6, ge=1, le=20)
    first_wait_seconds: float = Field(default=1, ge=0, le=60)
    max_wait_seconds: float = Field(default=60, ge=0, le=900)


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

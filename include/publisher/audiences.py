"""Reads audiences.yml: who is published where, with which fields."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, Self

from croniter import croniter
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from include.destinations.base import Mode
from include.destinations.config import ConfigError, load_destinations, read_rows, unique_ids, validate_row
from include.publisher.errors import PublishError

if TYPE_CHECKING:
    from pathlib import Path

    from include.settings import Settings

ContactField = Literal["email", "phone", "first_name", "last_name"]
CONTACT_FIELDS: tuple[ContactField, ...] = ("email", "phone", "first_name", "last_name")
IDENTIFIER = r"^[a-z][a-z0-9_]*$"


class GuardLimits(BaseModel):
    """When removals need approval.

    Attributes:
        max_removal_share: highest share of the snapshot, from 0 to 1, that may be removed without approval.
        max_growth: how many times as many members as before the list may hold without approval.
        min_members: snapshots smaller than this are not judged by share or growth; one person of four is 25 % and no
            accident.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_removal_share: float = Field(default=0.20, ge=0, le=1)
    max_growth: float = Field(default=5, gt=1)
    min_members: int = Field(default=5, ge=1)


class FrequencyCap(BaseModel):
    """At most so many messages to a customer in so many days, over all audiences of mode events at a destination."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    messages: int = Field(ge=1)
    days: int = Field(ge=1)


class Audience(BaseModel):
    """One audience.

    Attributes:
        id: name of the model publish.pub_<id>.
        description: for whom it is, in a sentence.
        mode: what the audience is to its tools: members of a list (members), attributes on profiles (profiles), or
            things that happened, told once each (events).
        owner: who answers for the audience.
        channel: consent channel; who is in publish.pub_suppressions for it must not be in any tool.
        destinations: ids of destinations.yml.
        contact_fields: which contact data is sent; the first one is required of each member.
        attributes: columns of the model that are sent.
        guard: overrides of the guard's limits.
        group: audiences of one group share no customer at a destination: the one with the smallest rank has them.
        rank: place in the group.
        frequency_cap: for mode events only.
        schedule: cron expression in UTC; between two of its moments only lost consents are sent. None: in every run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=IDENTIFIER)
    description: str = Field(min_length=1)
    mode: Mode = Mode.MEMBERS
    owner: str = Field(default="marketing", min_length=1)
    channel: str = Field(pattern=IDENTIFIER)
    destinations: tuple[str, ...] = Field(min_length=1)
    contact_fields: tuple[ContactField, ...] = ()
    attributes: tuple[str, ...] = ()
    guard: GuardLimits = GuardLimits()
    group: str | None = Field(default=None, pattern=IDENTIFIER)
    rank: int = 0
    frequency_cap: FrequencyCap | None = None
    schedule: str | None = None

    @field_validator("schedule")
    @classmethod
    def _is_cron(cls, value: str | None) -> str | None:
        if value is not None and not croniter.is_valid(value):
            raise ValueError("expected a cron expression of five fields, such as 0 6 * * 1 for Mondays")
        return value

    @model_validator(mode="after")
    def _caps_are_for_events(self) -> Self:
        if self.frequency_cap and self.mode is not Mode.EVENTS:
            raise ValueError(f"frequency_cap is for mode events, the mode is {self.mode}")
        return self

    @field_validator("attributes")
    @classmethod
    def _attributes_are_no_contact_data(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        reserved = sorted({"customer_key", *CONTACT_FIELDS} & set(value))
        if reserved:
            raise ValueError(f"{', '.join(reserved)} cannot be attributes; contact data belongs in contact_fields")
        return value

    @field_validator("contact_fields", "attributes", "destinations")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(value)) != len(value):
            raise ValueError("each name may come only once")
        return value


def load_audiences(settings: Settings) -> dict[str, Audience]:
    """Read every audience, in the file's order.

    Raises:
        ConfigError: names the file, the entry and the key that cannot be used, or an unknown destination.
    """
    path = settings.audiences_file
    audiences: list[Audience] = []
    for position, raw in enumerate(read_rows(path, "audiences")):
        where = f"{path}: audiences[{position}] ({raw.get('id', 'without id')})"
        audiences.append(validate_row(Audience, raw, where))
    unique_ids([audience.id for audience in audiences], str(path))
    known = load_destinations(settings)
    for audience in audiences:
        unknown = sorted(set(audience.destinations) - known.keys())
        if unknown:
            raise ConfigError(
                f"{path}: audience '{audience.id}': unknown destinations {', '.join(unknown)}; "
                f"{settings.destinations_file} has {', '.join(known)}."
            )
    _no_shared_ranks(audiences, path)
    return {audience.id: audience for audience in audiences}


def _no_shared_ranks(audiences: list[Audience], path: Path) -> None:
    places: dict[tuple[str, int], str] = {}
    for audience in audiences:
        if audience.group is None:
            continue
        other = places.setdefault((audience.group, audience.rank), audience.id)
        if other != audience.id:
            raise ConfigError(
                f"{path}: audiences '{other}' and '{audience.id}' have the rank {audience.rank} in the group "
                f"'{audience.group}', expected a rank of its own for each."
            )


def higher_ranked(audience: Audience, destination: str, settings: Settings) -> list[Audience]:
    """List the audiences that go before this one at a destination."""
    if audience.group is None:
        return []
    return [
        other
        for other in load_audiences(settings).values()
        if other.group == audience.group and other.rank < audience.rank and destination in other.destinations
    ]


def is_due(audience: Audience, latest: datetime | None, now: datetime) -> bool:
    """Whether a moment of the schedule has come since the latest run that was carried out."""
    if audience.schedule is None or latest is None:
        return True
    return croniter(audience.schedule, latest).get_next(datetime) <= now


def find_audience(audience_id: str, destination_id: str, settings: Settings) -> Audience:
    """Return the audience of a pair.

    Raises:
        PublishError: there is no such audience, or it does not go to that destination.
    """
    audiences = load_audiences(settings)
    if audience_id not in audiences:
        raise PublishError(
            f"Unknown audience '{audience_id}': {settings.audiences_file} has {', '.join(audiences) or 'none'}."
        )
    audience = audiences[audience_id]
    if destination_id not in audience.destinations:
        raise PublishError(
            f"Audience '{audience_id}' does not go to '{destination_id}': {settings.audiences_file} lists "
            f"{', '.join(audience.destinations)}."
        )
    return audience

"""What a vendor's file in include/sources/vendors/ says of its API: what can be read there, how, and who may.

docs/add-a-source.md shows a whole vendor in thirty lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from include.destinations.credentials import Credentials
    from include.sources.pull.client import Client


class PullError(RuntimeError):
    """A vendor gave no usable answer; the next attempt may succeed. Nothing was written and no cursor moved."""


class PullRefused(PullError):
    """The vendor will not answer as things stand: credentials, scopes, options. Trying again does not help."""


class CursorExpired(PullError):
    """A page's cursor is no longer valid; the window is read again from its start."""


@dataclass(frozen=True)
class Window:
    """A span of time, its end excluded.

    Attributes:
        start: aware, UTC; None = since ever.
        end: aware, UTC.
    """

    start: datetime | None
    end: datetime


@dataclass(frozen=True)
class Span:
    """What a run is about.

    Attributes:
        end: aware; exclusive end of what may be read.
        start: aware; given when the run back-fills: then just this span is read, and the daily state stays as it is.
    """

    end: datetime
    start: datetime | None = None


class Reading(StrEnum):
    """How a resource is read, run by run.

    CHANGES: records changed within the window; each window is a file of its own.
    DAYS: whole days; the last `look_back_days` are read again each time, and each day's file is replaced.
    ALL: the complete list; its one file is replaced, so a record that is missing from it is gone.
    """

    CHANGES = "changes"
    DAYS = "days"
    ALL = "all"


@dataclass(frozen=True)
class Deleted:
    """A record that no longer exists at the vendor.

    Attributes:
        record: as much of the record as `Resource.key` needs, in the same shape.
        at: when it was deleted, aware.
    """

    record: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A record as the vendor sent it, where to parse all of it would cost more than all the rest of pulling.

    Attributes:
        payload: JSON object, UTF-8.
        key: value of the only key of `Resource.key`.
        version: value at `Resource.version`.
    """

    payload: bytes
    key: str
    version: str | None


Page = Iterable[Mapping[str, Any] | Unparsed | Deleted]


@dataclass(frozen=True)
class Resource:
    """One kind of record of an API.

    Attributes:
        name: its folder among the raw records.
        feeds: entities that the vendor's mapping makes of it.
        key: keys of the record, dotted when nested, that identify it: of two with the same, one remains.
        reading: how it is read.
        read: yields pages of records, each a JSON object as the vendor sent it, of a window. For DAYS the window begins
            and ends at midnight UTC and stands for days in the account's zone. The order of pages must be such that a
            record changed meanwhile comes twice rather than never.
        version: dotted key of the moment or number of the record's last change; of two records with the same key the
            greater one remains, and the later one where they tie or it is absent.
        day: dotted key of the record's day, YYYY-MM-DD; for DAYS.
        overlap: how far a window begins before the end of the one before: clocks differ, and records appear late.
        look_back_days: days read again, for DAYS; the vendor's options may overrule it.
    """

    name: str
    feeds: tuple[str, ...]
    key: tuple[str, ...]
    reading: Reading
    read: Callable[[Account, Window], Iterable[Page]]
    version: str | None = None
    day: str | None = None
    overlap: timedelta = timedelta(minutes=10)
    look_back_days: int = 0


class Options(BaseModel):
    """Keys below `options` of a source file; a vendor adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Account:
    """One account of a vendor, while it is read.

    Attributes:
        source: name in the lake.
        options: the vendor's own class of options.
        credentials: the Airflow connection.
        time_zone: IANA zone of the source file.
        client: HTTP, with the vendor's limits kept.
        warn: called with a line of text that whoever runs the load should read.
    """

    source: str
    options: Any
    credentials: Credentials
    time_zone: str
    client: Client
    warn: Callable[[str], None]


@dataclass(frozen=True)
class Finding:
    """One thing that checking an account found.

    Attributes:
        subject: what was tried, such as a resource or a scope.
        problem: what is missing and what to do; None when all is well.
    """

    subject: str
    problem: str | None = None


@dataclass(frozen=True)
class Vendor:
    """A vendor's API.

    Attributes:
        open: makes the HTTP client from the credentials; the source's name is for error texts.
        resources: what is read, given the options.
        check: tries the credentials and each scope with the smallest requests; never raises for what it finds.
        options: class of the keys below `options` of a source file.
    """

    open: Callable[[str, Credentials, Any], Client]
    resources: Callable[[Any], Sequence[Resource]]
    check: Callable[[Account], Iterable[Finding]]
    options: type[Options] = Options

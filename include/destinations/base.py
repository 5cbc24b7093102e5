"""What a destination is: the one interface between the publisher and a marketing tool.

A new destination is one module in this folder that defines ``DESTINATION`` (a `DestinationType`) and one row in
destinations.yml whose ``type`` is the module's name. docs/publishing.md shows a skeleton.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import pyarrow as pa


class DestinationError(RuntimeError):
    """Sending failed; the message carries no personal data and says what to do."""


class DestinationUnavailable(DestinationError):
    """The tool did not answer usefully within the allowed attempts; whether it acted is unknown."""


class DestinationRefused(DestinationError):
    """The tool refused for a reason that is not a row's: credentials, address or the shape of the request."""


class Operation(StrEnum):
    """What happens to a member. All three are idempotent: sending one twice leaves the tool as sending it once."""

    ADD = "add"
    UPDATE = "update"
    REMOVE = "remove"


class Mode(StrEnum):
    """What an audience is to its tool.

    MEMBERS: a list that is kept equal to the warehouse's. PROFILES: attributes written to people's profiles; who
    leaves has the attributes cleared. EVENTS: each row is told once, as something that happened; nothing is taken back.
    """

    MEMBERS = "members"
    PROFILES = "profiles"
    EVENTS = "events"


class Capability(StrEnum):
    """How a destination takes changes: DELTA through `send`, MIRROR as the complete list through `replace`."""

    DELTA = "delta"
    MIRROR = "mirror"


@dataclass(frozen=True)
class Limits:
    """The tool's limits.

    Attributes:
        max_batch: most members in one `send`.
        remove_needs_contact: True when the tool finds the member to remove by e-mail or phone instead of customer_key;
            only then do removals carry contact fields.
        modes: what audiences it takes.
    """

    max_batch: int
    remove_needs_contact: bool = False
    modes: frozenset[Mode] = frozenset({Mode.MEMBERS})


@dataclass(frozen=True)
class Member:
    """One member of a batch.

    Attributes:
        customer_key: pseudonymous key; unique in a batch.
        token: changes whenever this member is to be told something new, and stays the same when the same thing is
            said again after a crash; part of the idempotency key.
        external_id: the tool's own id of the member when an earlier receipt gave one.
        contact: contact field -> value; never in a repr, so never in a log.
        attributes: attribute -> value as DuckDB gives it (str, Decimal, datetime in UTC, bool, int, float, None).
    """

    customer_key: str
    token: str
    external_id: str | None = None
    contact: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Batch:
    """Members of one audience for whom the same operation is due; never more than the destination's max_batch.

    `run_id` is the caller's id of the run, the same in every attempt of it. `mode` is the audience's, and so is
    `attributes`, the names of its attributes: the members of a removal carry no values, and PROFILES have to know what
    to clear.
    """

    destination: str
    audience: str
    run_id: str
    operation: Operation
    members: tuple[Member, ...]
    mode: Mode = Mode.MEMBERS
    attributes: tuple[str, ...] = ()

    @property
    def idempotency_key(self) -> str:
        """64 hex digits, the same for the same operation on the same members at the same point of their history.

        A batch that is sent again after a crash has the same key. A member who joins, leaves and joins again has a new
        token each time, so a tool that remembers keys does not mistake the second joining for the first.
        """
        lines = [self.destination, self.audience, self.operation.value]
        lines += [f"{member.customer_key}\x1f{member.token}" for member in self.members]
        return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


@dataclass(frozen=True)
class Replacement:
    """The complete list of an audience for a MIRROR destination.

    Attributes:
        members: stream with customer_key first, then the contact fields, then the attributes; ordered by customer_key.
        changes: customer_key, operation, reason of what differs from the list before; ordered by customer_key.
    """

    destination: str
    audience: str
    run_id: str
    members: pa.RecordBatchReader
    changes: pa.Table


@dataclass(frozen=True)
class Rejection:
    """A member the tool did not take; `retryable` False means: not before its content changes."""

    customer_key: str
    reason: str
    retryable: bool


@dataclass(frozen=True)
class Receipt:
    """What the tool confirmed. A member in neither list has an unknown outcome and is sent again by the next run.

    Attributes:
        accepted: keys of the members for whom the tool confirmed the operation.
        rejected: members it refused, each with a reason free of personal data.
        external_ids: customer_key -> the tool's own id, where the tool gave one.
    """

    accepted: Sequence[str]
    rejected: Sequence[Rejection] = ()
    external_ids: Mapping[str, str] = field(default_factory=dict)


ROUGHLY = 1.0
"""Tolerance of a tool that counts only the people it recognised: nothing is wrong until it holds twice as many."""


@dataclass(frozen=True)
class ReadBack:
    """What the tool says it holds for an audience.

    Attributes:
        count: members.
        keys: their customer_keys; None where the tool only counts.
        tolerance: share by which the count may be off, for tools that count roughly or hours later.
        rounding: members by which it may be off besides, for tools that round.
    """

    count: int
    keys: frozenset[str] | None = None
    tolerance: float = 0.0
    rounding: int = 0


class Destination(Protocol):
    """A marketing tool as the publisher sees it."""

    limits: Limits
    capability: Capability

    def send(self, batch: Batch) -> Receipt:
        """Carry out one operation for one batch. MIRROR destinations need it for removals only.

        Raises:
            DestinationUnavailable: the outcome is unknown.
            DestinationRefused: nothing was taken and sending again without a change of configuration is useless.
        """
        ...

    def close(self) -> None:
        """Release connections; called once, also after an error."""
        ...


@runtime_checkable
class Mirror(Protocol):
    """A destination that takes the complete list."""

    def replace(self, replacement: Replacement) -> Receipt:
        """Make the tool hold exactly these members; the receipt speaks of the keys in `replacement.changes`."""
        ...


@runtime_checkable
class Readable(Protocol):
    """A destination that can tell what it holds."""

    def read_back(self, audience: str) -> ReadBack | None:
        """Return what the tool holds for the audience, or None when it knows no such audience yet."""
        ...

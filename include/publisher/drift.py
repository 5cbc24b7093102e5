"""Compares what a tool says it holds with what the ledger confirmed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, func, insert, select

from include.destinations.base import DestinationError, Readable, ReadBack
from include.publisher.database import Database, Pair, of_pair
from include.publisher.ledger import Run
from include.publisher.tables import drift, members

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drift:
    """Members of one audience at one tool after a run.

    Attributes:
        expected: confirmed by the ledger.
        found: held by the tool, as it says.
        missing: confirmed, but not held; None where the tool only counts.
        unexpected: held, but never added by us; None where the tool only counts. They are left alone.
        is_drift: somebody is missing, or the counts differ by more than the tool's own inexactness.
    """

    expected: int
    found: int
    missing: int | None
    unexpected: int | None
    is_drift: bool


def compare(expected: int, held: ReadBack | None, confirmed: Callable[[], set[str]]) -> Drift:
    """Compare.

    Args:
        expected: number of confirmed members.
        held: what the tool said; None when it knows no such audience.
        confirmed: reads their keys, asked only when the tool names its own.
    """
    if held is None:
        return Drift(expected, 0, None, None, is_drift=expected > 0)
    if held.keys is not None:
        keys = confirmed()
        missing, unexpected = len(keys - held.keys), len(held.keys - keys)
        return Drift(expected, held.count, missing, unexpected, is_drift=missing > 0)
    may_be_off = held.tolerance * expected + held.rounding
    return Drift(expected, held.count, None, None, abs(held.count - expected) > may_be_off)


def measure(database: Database, run: Run, destination: Readable) -> bool | None:
    """Ask the tool what it holds, compare and record it.

    Everything is sent by now, so the tool's silence is no failure of the run.

    Returns:
        Whether the tool has drifted; None when it did not say.
    """
    try:
        held = destination.read_back(run.pair.audience)
    except DestinationError as error:
        log.warning("%s: what it holds could not be read: %s", run.pair, error)
        return None
    found = compare(_count(database, run.pair), held, lambda: _keys(database, run.pair))
    row = {"run_id": run.run_id, "destination": run.pair.destination, "audience": run.pair.audience}
    with database.writing() as connection:
        connection.execute(insert(drift).values(row | asdict(found) | {"measured_at": datetime.now(UTC)}))
    if found.is_drift:
        log.warning(
            "%s: %d members confirmed, the tool says %d; see publish_drift", run.pair, found.expected, found.found
        )
    return found.is_drift


def _confirmed(pair: Pair) -> ColumnElement[bool]:
    return and_(of_pair(members, pair), members.c.content_hash.is_not(None))


def _count(database: Database, pair: Pair) -> int:
    query = select(func.count()).select_from(members).where(_confirmed(pair))
    with database.reading() as connection:
        return connection.execute(query).scalar_one()


def _keys(database: Database, pair: Pair) -> set[str]:
    with database.reading() as connection:
        return set(connection.execute(select(members.c.customer_key).where(_confirmed(pair))).scalars())

"""Publishes one audience to one destination: claim, plan, guard, send, confirm.

Whatever happens in between, running again is right: the next run plans from what the destination confirmed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from include.destinations.base import Capability, DestinationError
from include.destinations.config import create_destination, load_destinations, why_off
from include.publisher import approvals, ledger
from include.publisher.audiences import Audience, find_audience, load_audiences
from include.publisher.claims import Claim, claimed
from include.publisher.database import Database, Pair, open_database
from include.publisher.deliver import Delivery, has_drifted
from include.publisher.errors import PublishBlocked, PublishError
from include.publisher.guard import GuardInput, why_blocked
from include.publisher.keys import ledger_key
from include.publisher.ledger import Run
from include.publisher.plan import CONSENT_PHASE, PHASES, Plan, make_plan
from include.publisher.source import Source, check_tables, open_source

if TYPE_CHECKING:
    from include.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PublishResult:
    """What a run planned and did, in members.

    Attributes:
        run_id: id of this attempt in the ledger.
        status: done or dry_run; a blocked or failed run raises instead.
        adds, updates, removes, unchanged: the plan; consent_removes are part of removes.
        skipped: members of the audience that are not sent; skipped_reasons says why.
        rejected: members that the destination refused; they are open dead letters.
        note: what the guard would say of a dry run, otherwise None.
    """

    run_id: str
    audience: str
    destination: str
    status: str
    adds: int
    updates: int
    removes: int
    consent_removes: int
    unchanged: int
    skipped: int
    rejected: int
    skipped_reasons: dict[str, int] = field(default_factory=dict)
    note: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for an Airflow XCom."""
        return asdict(self)


def pairs(settings: Settings) -> list[dict[str, str]]:
    """List the enabled pairs as keyword arguments of `publish`, in the order of audiences.yml.

    Raises:
        ConfigError: audiences.yml or destinations.yml cannot be used.
    """
    on = {row.id for row in load_destinations(settings).values() if why_off(row, settings) is None}
    return [
        {"audience_id": audience.id, "destination_id": destination}
        for audience in load_audiences(settings).values()
        for destination in audience.destinations
        if destination in on
    ]


def publish(audience_id: str, destination_id: str, run_id: str, settings: Settings) -> PublishResult:
    """Bring a destination's audience up to date with the live warehouse.

    Args:
        audience_id: id in audiences.yml.
        destination_id: id in destinations.yml, listed by the audience.
        run_id: the caller's id of this run; a retry may use it again and gets an attempt of its own in the ledger.
        settings: where everything lies.

    Returns:
        The figures of a run that is done, or that only planned because the destination is in dry run.

    Raises:
        ConfigError: a configuration file cannot be used, or the destination is off.
        PublishBusy: another process publishes this pair.
        SourceError: the live files are missing, of two builds or not what the audience needs.
        PublishBlocked: the guard stopped the run; removals for lost consent were carried out.
        DestinationError: the destination failed; what it confirmed is recorded, the next run sends the rest.
    """
    return _run(audience_id, destination_id, run_id, settings, dry=False)


def plan_only(audience_id: str, destination_id: str, run_id: str, settings: Settings) -> PublishResult:
    """Do what `publish` does up to the first request: the plan lies in the ledger as a dry run.

    Raises:
        ConfigError, PublishBusy, SourceError: as `publish`.
    """
    return _run(audience_id, destination_id, run_id, settings, dry=True)


def _run(audience_id: str, destination_id: str, run_id: str, settings: Settings, dry: bool) -> PublishResult:
    audience = find_audience(audience_id, destination_id, settings)
    row = load_destinations(settings)[destination_id]
    pair = Pair(audience_id, destination_id)
    destination = create_destination(row, settings)
    if audience.mode not in destination.limits.modes:
        destination.close()
        raise PublishError(
            f"{pair}: the audience has mode '{audience.mode}', destination '{row.type}' takes "
            f"{', '.join(sorted(destination.limits.modes))}. Correct audiences.yml."
        )
    with (
        closing(destination),
        closing(open_database(settings)) as database,
        claimed(database, pair, run_id) as claim,
        open_source(settings) as source,
    ):
        ledger.close_abandoned(database, pair)
        run = ledger.next_run(database, run_id, pair)
        plan = _plan(database, run, source, audience, settings, claim)
        delivery = Delivery(database, run, claim, plan, destination)
        with _failures_recorded(database, run):
            return _carry_out(delivery, audience, dry=dry or row.dry_run)


def _plan(database: Database, run: Run, source: Source, audience: Audience, settings: Settings, claim: Claim) -> Plan:
    check_tables(source, audience, settings)
    held = ledger.snapshot(database, run.pair)
    letters = ledger.open_letters(database, run.pair)
    plan = make_plan(source, audience, held, letters, ledger_key(settings))
    ledger.record_plan(database, run, plan, source.build_id, source.as_of, claim)
    log.info("%s: planned %s", run.run_id, plan.counts)
    return plan


def _carry_out(delivery: Delivery, audience: Audience, dry: bool) -> PublishResult:
    database, run, counts = delivery.database, delivery.run, delivery.plan.counts
    figures = GuardInput(
        snapshot=counts.snapshot,
        sendable=counts.sendable,
        removals=counts.guarded_removes,
        approved_removals=approvals.approved_removals(database, run.pair),
    )
    reason = why_blocked(figures, audience.guard)
    if dry:
        note = f"Would be blocked: {reason}." if reason else None
        ledger.set_status(database, run.run_id, "dry_run", note)
        return _result(delivery, "dry_run", note)
    ledger.set_status(database, run.run_id, "sending")
    if reason:
        delivery.send([CONSENT_PHASE])
        message = blocked_message(run, reason, counts.consent_removes)
        ledger.set_status(database, run.run_id, "blocked", message)
        raise PublishBlocked(message)
    if delivery.destination.capability is Capability.DELTA:
        delivery.send(PHASES)
    elif counts.changes or has_drifted(delivery.destination, run.pair.audience, counts.confirmed):
        delivery.replace()
    approvals.use_up(database, run)
    ledger.set_status(database, run.run_id, "done")
    return _result(delivery, "done", None)


def blocked_message(run: Run, reason: str, consent_removes: int) -> str:
    """Tell an operator what was stopped, what was sent all the same, and how to let it go on."""
    return (
        f"{run.pair}: blocked, {reason}. The {consent_removes} removals for lost consent were carried out, nothing "
        f"else was sent. Look for a fault in the data first. If the removals are right, run "
        f"`python -m include.publisher approve {run.run_id}` and publish again."
    )


@contextmanager
def _failures_recorded(database: Database, run: Run) -> Iterator[None]:
    try:
        yield
    except PublishBlocked:
        raise
    except Exception as error:
        # Only our own errors are known to carry no contact data.
        ours = isinstance(error, DestinationError | PublishError)
        ledger.set_status(database, run.run_id, "failed", str(error) if ours else type(error).__name__)
        raise


def _result(delivery: Delivery, status: str, note: str | None) -> PublishResult:
    counts, pair = delivery.plan.counts, delivery.run.pair
    return PublishResult(
        run_id=delivery.run.run_id,
        audience=pair.audience,
        destination=pair.destination,
        status=status,
        adds=counts.adds,
        updates=counts.updates,
        removes=counts.removes,
        consent_removes=counts.consent_removes,
        unchanged=counts.unchanged,
        skipped=sum(counts.skipped.values()),
        rejected=delivery.rejected,
        skipped_reasons=counts.skipped,
        note=note,
    )

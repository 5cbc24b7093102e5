"""Publishes one audience to one destination: claim, plan, guard, send, confirm.

Whatever happens in between, running again is right: the next run plans from what the destination confirmed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from include.destinations.base import Capability, DestinationError, Mode, Readable
from include.destinations.config import create_destination, load_destinations, why_off
from include.publisher import approvals, history, journal, ledger, snapshot
from include.publisher.audiences import Audience, find_audience, higher_ranked, is_due, load_audiences
from include.publisher.claims import Claim, claimed
from include.publisher.database import Database, Pair, open_database
from include.publisher.deliver import Delivery, has_drifted
from include.publisher.drift import measure
from include.publisher.errors import PublishBlocked, PublishError
from include.publisher.guard import GuardInput, why_blocked
from include.publisher.keys import ledger_key
from include.publisher.ledger import Run
from include.publisher.plan import CONSENT_PHASE, PHASES, Held, Plan, make_plan
from include.publisher.result import PublishResult
from include.publisher.source import Source, check_tables, open_source

if TYPE_CHECKING:
    from include.settings import Settings

log = logging.getLogger(__name__)


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
        history.forget(database, pair, settings.publish_history_days)
        run = ledger.next_run(database, run_id, pair)
        dry = dry or row.dry_run is True or (row.dry_run == "first" and history.is_new(database, pair))
        try:
            plan = _plan(database, run, source, audience, settings, claim)
            delivery = Delivery(database, run, claim, plan, destination)
            with _failures_recorded(database, run):
                return _carry_out(delivery, audience, _figures(delivery, source, audience), settings, dry)
        finally:
            _keep_journal(database, run, settings)


def _keep_journal(database: Database, run: Run, settings: Settings) -> None:
    """Write the journal; the next run writes it anew, so its failure is no failure of the run."""
    try:
        journal.write(database, run, settings)
    except (OSError, SQLAlchemyError) as error:
        log.warning("%s: the journal beside the live warehouse was not written: %s", run.run_id, type(error).__name__)


def _plan(database: Database, run: Run, source: Source, audience: Audience, settings: Settings, claim: Claim) -> Plan:
    higher = higher_ranked(audience, run.pair.destination, settings)
    for one in (*higher, audience):
        check_tables(source, one, settings)
    events = [one.id for one in load_audiences(settings).values() if one.mode is Mode.EVENTS]
    held = Held(
        snapshot=snapshot.members_of(database, run.pair),
        letters=snapshot.letters_of(database, run.pair),
        capped=history.capped(database, run.pair.destination, events, audience.frequency_cap),
    )
    plan = make_plan(source, audience, held, ledger_key(settings), higher)
    ledger.record_plan(database, run, plan, source.build_id, source.as_of, claim)
    log.info("%s: planned %s", run.run_id, plan.counts)
    return plan


def _figures(delivery: Delivery, source: Source, audience: Audience) -> GuardInput:
    counts, pair = delivery.plan.counts, delivery.run.pair
    return GuardInput(
        snapshot=counts.snapshot,
        sendable=counts.sendable,
        # What was told stays told: of yesterday's events hardly one is due today, and nothing is taken back.
        removals=0 if audience.mode is Mode.EVENTS else counts.guarded_removes,
        approved=approvals.approved(delivery.database, pair),
        as_of=source.as_of,
        latest_as_of=history.latest_as_of(delivery.database, pair),
        age=datetime.now(UTC) - source.checked_at if source.checked_at else None,
    )


def _carry_out(
    delivery: Delivery, audience: Audience, figures: GuardInput, settings: Settings, dry: bool
) -> PublishResult:
    database, run, counts = delivery.database, delivery.run, delivery.plan.counts
    reason = why_blocked(figures, audience.guard, timedelta(hours=settings.publish_max_age_hours))
    if dry:
        note = f"Would be blocked: {reason}." if reason else None
        ledger.set_status(database, run.run_id, "dry_run", note)
        return _result(delivery, "dry_run", note)
    ledger.set_status(database, run.run_id, "sending")
    if not is_due(audience, history.latest_done(database, run.pair), datetime.now(UTC)):
        delivery.send([CONSENT_PHASE])
        note = f"Not due by its schedule {audience.schedule}; only lost consents were sent."
        ledger.set_status(database, run.run_id, "not_due", note)
        return _result(delivery, "not_due", note)
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
    return _result(delivery, "done", None, _drift(delivery, audience))


def _drift(delivery: Delivery, audience: Audience) -> bool | None:
    if audience.mode is not Mode.MEMBERS or not isinstance(delivery.destination, Readable):
        return None
    return measure(delivery.database, delivery.run, delivery.destination)


def blocked_message(run: Run, reason: str, consent_removes: int) -> str:
    """Tell an operator what was stopped, what was sent all the same, and how to let it go on."""
    return (
        f"{run.pair}: blocked, {reason}. The {consent_removes} removals for lost consent were carried out, nothing "
        f"else was sent. Look for a fault in the data first. If the plan is right, run "
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


def _result(delivery: Delivery, status: str, note: str | None, is_drift: bool | None = None) -> PublishResult:
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
        is_drift=is_drift,
    )

"""Carries out a plan: doubt, send, confirm, batch by batch."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from include.destinations.base import (
    Batch,
    Capability,
    Destination,
    DestinationError,
    Mirror,
    Operation,
    Readable,
    Receipt,
    Replacement,
)
from include.publisher import ledger
from include.publisher.claims import Claim
from include.publisher.database import Database
from include.publisher.ledger import Run
from include.publisher.plan import Phase, Plan, Planned

log = logging.getLogger(__name__)
ROWS_PER_STEP = 50_000


@dataclass
class Delivery:
    """One run's way to its destination.

    Attributes:
        rejected: members that the destination refused so far.
    """

    database: Database
    run: Run
    claim: Claim
    plan: Plan
    destination: Destination
    rejected: int = 0
    receipts: int = 0

    def send(self, phases: Sequence[Phase]) -> None:
        """Send some phases of the plan through `Destination.send`."""
        limits = self.destination.limits
        for phase in phases:
            for planned in self.plan.batches(phase, limits.max_batch, limits.remove_needs_contact):
                batch = self._batch(phase.operation, planned)
                ledger.mark_doubtful(self.database, self.run, planned, phase.operation.value, self.claim)
                self._confirm(batch, self.destination.send(batch))

    def replace(self) -> None:
        """Hand the complete list to a mirror and confirm every change of the plan."""
        assert isinstance(self.destination, Mirror)
        pair = self.run.pair
        for operation in Operation:
            for planned in self.plan.bare(operation, ROWS_PER_STEP):
                ledger.mark_doubtful(self.database, self.run, planned, operation.value, self.claim)
        changes = self.plan.changes().read_all().select(["customer_key", "operation", "reason"])
        members = self.plan.members()
        receipt = self.destination.replace(
            Replacement(pair.destination, pair.audience, self.run.run_id, members, changes)
        )
        accepted = set(receipt.accepted)
        for operation in Operation:
            for planned in self.plan.bare(operation, ROWS_PER_STEP):
                batch = self._batch(operation, planned)
                self._confirm(batch, _part_of(receipt, accepted, batch))

    def _batch(self, operation: Operation, planned: Sequence[Planned]) -> Batch:
        pair, audience = self.run.pair, self.plan.audience
        members = tuple(row.member for row in planned)
        return Batch(
            pair.destination,
            pair.audience,
            self.run.requested_run_id,
            operation,
            members,
            audience.mode,
            audience.attributes,
        )

    def _confirm(self, batch: Batch, receipt: Receipt) -> None:
        check_receipt(batch, receipt)
        ledger.confirm(self.database, self.run, self.receipts, batch, receipt, self.claim)
        self.receipts += 1
        self.rejected += len(receipt.rejected)
        log.info(
            "%s: %s: %d confirmed, %d rejected",
            batch.destination,
            batch.operation,
            len(receipt.accepted),
            len(receipt.rejected),
        )


def _part_of(receipt: Receipt, accepted: set[str], batch: Batch) -> Receipt:
    keys = {member.customer_key for member in batch.members}
    return Receipt(
        [key for key in keys if key in accepted],
        [rejection for rejection in receipt.rejected if rejection.customer_key in keys],
        {key: value for key, value in receipt.external_ids.items() if key in keys},
    )


def check_receipt(batch: Batch, receipt: Receipt) -> None:
    """Refuse a receipt that speaks of members who were not in the batch, or of one of them twice.

    Raises:
        DestinationError: the destination's module has a fault; nothing of this batch is recorded as sent.
    """
    said = [*receipt.accepted, *(rejection.customer_key for rejection in receipt.rejected)]
    strangers = set(said) - {member.customer_key for member in batch.members}
    if strangers or len(said) != len(set(said)):
        raise DestinationError(
            f"{batch.destination}: the receipt names {len(strangers)} members who were not in the batch and "
            f"{len(said) - len(set(said))} twice, expected each member at most once. Correct the destination's module."
        )


def has_drifted(destination: Destination, audience: str, confirmed: int) -> bool:
    """Whether a mirror holds another number of members than the ledger confirmed; then it is written anew."""
    if destination.capability is not Capability.MIRROR or not isinstance(destination, Readable):
        return False
    held = destination.read_back(audience)
    if held is None:
        return confirmed > 0
    return held.count != confirmed

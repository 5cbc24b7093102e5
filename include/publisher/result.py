"""What a run says of itself."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class PublishResult:
    """What a run planned and did, in members.

    Attributes:
        run_id: id of this attempt in the ledger.
        status: done, dry_run or not_due; a blocked or failed run raises instead.
        adds, updates, removes, unchanged: the plan; consent_removes are part of removes.
        skipped: members of the audience that are not sent; skipped_reasons says why.
        rejected: members that the destination refused; they are open dead letters.
        note: what the guard would say of a dry run, otherwise None.
        is_drift: the tool holds others than the ledger confirmed; None where it cannot say.
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
    is_drift: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for an Airflow XCom."""
        return asdict(self)

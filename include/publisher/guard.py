"""Decides whether a plan may be carried out without a human."""

from __future__ import annotations

from dataclasses import dataclass

from include.publisher.audiences import GuardLimits


@dataclass(frozen=True)
class GuardInput:
    """The figures of a plan that the guard judges.

    Attributes:
        snapshot: members the tool holds, or may hold, before the run.
        sendable: members it is to hold after the run.
        removals: planned removals without those for lost consent.
        approved_removals: removals that a human has allowed for this pair; None without an open approval.
    """

    snapshot: int
    sendable: int
    removals: int
    approved_removals: int | None = None


def why_blocked(figures: GuardInput, limits: GuardLimits) -> str | None:
    """Say why a plan must wait for approval, or None when it may go on.

    A plan is blocked when nobody would be left, or when the removals are more than the allowed share of the snapshot.
    Removals for lost consent are not counted: they are carried out in any case, so they are nothing to decide.

    Args:
        figures: the plan's.
        limits: the audience's.

    Returns:
        The reason with the numbers and the threshold; None when nothing is blocked.
    """
    if figures.removals == 0:
        return None
    if figures.approved_removals is not None and figures.removals <= figures.approved_removals:
        return None
    if figures.sendable == 0:
        return (
            f"the source is empty while {figures.snapshot} members are at the destination, "
            f"{figures.removals} of whom would be removed"
        )
    # 29 % of 100 must allow 29, although 0.29 * 100 is a little less in floating point.
    too_many = figures.removals > limits.max_removal_share * figures.snapshot * (1 + 1e-12)
    if figures.snapshot >= limits.min_members and too_many:
        share = figures.removals / figures.snapshot
        return (
            f"{figures.removals} of {figures.snapshot} members ({share:.1%}) would be removed, "
            f"more than the allowed {limits.max_removal_share:.0%}"
        )
    return None

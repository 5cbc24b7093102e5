"""Decides whether a plan may be carried out without a human."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from include.publisher.audiences import GuardLimits


@dataclass(frozen=True)
class Approved:
    """What a human has allowed for a pair: so many removals, and a list of so many members."""

    removals: int
    sendable: int


@dataclass(frozen=True)
class GuardInput:
    """The figures of a plan that the guard judges.

    Attributes:
        snapshot: members the tool holds, or may hold, before the run.
        sendable: members it is to hold after the run.
        removals: planned removals without those for lost consent.
        approved: None without an open approval.
        as_of: what the warehouse knows; latest_as_of: what it knew when the pair was last published, None before.
        age: since the warehouse passed its gates; None when it does not say.
    """

    snapshot: int
    sendable: int
    removals: int
    approved: Approved | None = None
    as_of: datetime | None = None
    latest_as_of: datetime | None = None
    age: timedelta | None = None


def why_blocked(figures: GuardInput, limits: GuardLimits, max_age: timedelta = timedelta.max) -> str | None:
    """Say why a plan must wait for approval, or None when it may go on.

    A plan is blocked when nobody would be left, when the removals are more than the allowed share of the snapshot, when
    the list would grow beyond the allowed factor, and when the warehouse is old or older than what was published
    before. Removals for lost consent are not counted: they are carried out in any case, so they are nothing to decide.

    Args:
        figures: the plan's.
        limits: the audience's.
        max_age: oldest warehouse that is published without approval.

    Returns:
        The reason with the numbers and the threshold; None when nothing is blocked.
    """
    if figures.approved and _covers(figures.approved, figures):
        return None
    return _warehouse(figures, max_age) or _removals(figures, limits) or _growth(figures, limits)


def _covers(approved: Approved, figures: GuardInput) -> bool:
    return figures.removals <= approved.removals and figures.sendable <= approved.sendable


def _warehouse(figures: GuardInput, max_age: timedelta) -> str | None:
    if figures.as_of and figures.latest_as_of and figures.as_of < figures.latest_as_of:
        return (
            f"the warehouse knows the world up to {figures.as_of:%Y-%m-%d %H:%M} UTC, and what was published before "
            f"knew it up to {figures.latest_as_of:%Y-%m-%d %H:%M} UTC"
        )
    if figures.age is not None and figures.age > max_age:
        hours = figures.age / timedelta(hours=1)
        return (
            f"the warehouse passed its gates {hours:.0f} hours ago, more than the allowed "
            f"{max_age / timedelta(hours=1):.0f}"
        )
    return None


def _removals(figures: GuardInput, limits: GuardLimits) -> str | None:
    if figures.removals == 0:
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


def _growth(figures: GuardInput, limits: GuardLimits) -> str | None:
    if figures.snapshot < limits.min_members or figures.sendable <= limits.max_growth * figures.snapshot:
        return None
    return (
        f"the list would grow from {figures.snapshot} to {figures.sendable} members, more than the allowed "
        f"{limits.max_growth:g} times"
    )

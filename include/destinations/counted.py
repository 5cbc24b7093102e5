"""Finds the bad rows when a tool only counts them: by what it names, otherwise by halving.

Advertising networks answer "9,998 taken, 2 invalid" and not which. Rows are sent again in halves until the bad ones are
alone, which is allowed because operations are idempotent, and only up to a bound, because every halving is a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from include.destinations.base import DestinationRefused, Member, Receipt, Rejection

HOPELESS_FROM = 10


@dataclass(frozen=True)
class Counted:
    """What a tool said of some rows.

    Attributes:
        taken: False when it took none of them because of the bad ones.
        bad: how many rows it did not take; None when it said nothing of a number.
        named: customer_key -> reason, for the bad rows that can be told from the answer.
        reason: free of personal data, for bad rows it did not name.
        known: False when the outcome of these rows is unknown; they are neither accepted nor rejected.
    """

    taken: bool = True
    bad: int | None = 0
    named: Mapping[str, str] = field(default_factory=dict)
    reason: str = "invalid"
    known: bool = True


def send_counted(
    members: tuple[Member, ...], send: Callable[[tuple[Member, ...]], Counted], who: str, more_requests: int
) -> Receipt:
    """Send rows and find those that were not taken.

    Args:
        members: the batch.
        send: sends some of them.
        who: destination id, for error texts.
        more_requests: how many requests may be spent on finding bad rows.

    Returns:
        A receipt. Rows that could not be told apart within the bound are rejected as retryable, the reason says so.

    Raises:
        DestinationRefused: every one of ten or more rows was refused: then the request is wrong, not the rows.
    """
    accepted: list[str] = []
    rejected: list[Rejection] = []
    waiting = [members] if members else []
    first, left = True, more_requests
    while waiting:
        part = waiting.pop()
        answer = send(part)
        if not answer.known:
            first = False
            continue
        keys = [member.customer_key for member in part]
        named = {key: answer.named[key] for key in keys if key in answer.named}
        rest = tuple(member for member in part if member.customer_key not in named)
        bad = len(rest) if answer.bad is None else answer.bad - len(named)
        if first and len(part) >= HOPELESS_FROM and (answer.bad or 0) >= len(part):
            raise _hopeless(who, len(part), answer.reason)
        first = False
        rejected += [Rejection(key, reason, retryable=False) for key, reason in named.items()]
        if answer.taken and bad <= 0:
            accepted += [member.customer_key for member in rest]
        elif not rest:
            continue
        elif named and not answer.taken and left > 0:
            # Without the named rows the others may pass.
            left -= 1
            waiting.append(rest)
        elif (answer.taken or not named) and (len(rest) == 1 or (answer.bad is not None and bad >= len(rest))):
            rejected += [Rejection(member.customer_key, answer.reason, retryable=False) for member in rest]
        elif left <= 0:
            if answer.bad is None and not accepted:
                raise _hopeless(who, len(members), answer.reason)
            several = "some" if answer.bad is None else str(bad)
            reason = f"{answer.reason}: {several} of {len(rest)} rows sent together, not told which"
            rejected += [Rejection(member.customer_key, reason, retryable=True) for member in rest]
        else:
            left -= 2
            middle = (len(rest) + 1) // 2
            waiting += [half for half in (rest[middle:], rest[:middle]) if half]
    return Receipt(accepted, rejected)


def _hopeless(who: str, rows: int, reason: str) -> DestinationRefused:
    return DestinationRefused(
        f"{who}: of {rows} rows none was taken ({reason}), so the requests do not fit this account. Nothing was marked "
        f"as bad; compare the row of '{who}' with its page in docs/destinations/ and run again."
    )

"""Finds the bad rows of a batch that a tool refuses as a whole."""

from __future__ import annotations

from collections.abc import Callable

from include.destinations.base import DestinationRefused, Member, Receipt, Rejection

HOPELESS_AFTER = 10


class BatchRefused(Exception):
    """The tool refused this batch as a whole; `reason` is free of personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def send_bisecting(members: tuple[Member, ...], send: Callable[[tuple[Member, ...]], Receipt], who: str) -> Receipt:
    """Send members, halving every refused batch until only the bad rows are left out.

    Args:
        members: the batch.
        send: sends some of them and raises BatchRefused when the tool refuses them as a whole.
        who: destination id for the error text.

    Returns:
        One receipt for all members; a member refused alone is rejected for good.

    Raises:
        DestinationRefused: the first 10 members tried alone were all refused and nothing was accepted. Then the shape
            of the request is wrong, not the rows, and marking every member as bad would silence the whole audience.
    """
    accepted: list[str] = []
    rejected: list[Rejection] = []
    external_ids: dict[str, str] = {}
    alone = 0
    waiting = [members]
    while waiting:
        part = waiting.pop()
        try:
            receipt = send(part)
        except BatchRefused as refused:
            if len(part) > 1:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
                continue
            alone += 1
            rejected.append(Rejection(part[0].customer_key, refused.reason, retryable=False))
            if alone >= HOPELESS_AFTER and not accepted:
                raise DestinationRefused(
                    f"{who}: the first {alone} members tried one by one were all refused ({refused.reason}) and none "
                    "was accepted, so the requests themselves do not fit this receiver. Nothing was marked as bad; "
                    "compare its documentation with docs/publishing.md and run again."
                ) from None
        else:
            accepted += receipt.accepted
            rejected += receipt.rejected
            external_ids |= receipt.external_ids
    return Receipt(accepted, rejected, external_ids)

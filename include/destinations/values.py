"""What the vendors' destinations share: writing attribute values, cutting long lists, putting receipts together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from include.destinations.base import Receipt

Item = TypeVar("Item")


def json_value(value: Any) -> Any:
    """Make an attribute JSON: decimals as text so that no cent is lost, times as ISO 8601 in UTC with Z."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def number_or_text(value: Any) -> Any:
    """Make an attribute JSON; decimals become numbers, because marketing tools compare and sort by them.

    Other than text, a number above 15 significant digits would lose its last ones; money does not come near.
    """
    return float(value) if isinstance(value, Decimal) else json_value(value)


def cut(items: Sequence[Item], most: int, most_size: int, size: Callable[[Item], int]) -> Iterator[list[Item]]:
    """Cut a list into parts that keep to two limits; an item that is too large by itself comes alone.

    Args:
        items: the list.
        most: most items in a part.
        most_size: largest sum of `size` in a part.
        size: of one item, in bytes or characters.
    """
    part: list[Item] = []
    total = 0
    for item in items:
        added = size(item)
        if part and (len(part) >= most or total + added > most_size):
            yield part
            part, total = [], 0
        part.append(item)
        total += added
    if part:
        yield part


def together(receipts: Sequence[Receipt]) -> Receipt:
    """Put the receipts of a batch's parts together."""
    return Receipt(
        [key for receipt in receipts for key in receipt.accepted],
        [rejection for receipt in receipts for rejection in receipt.rejected],
        {key: value for receipt in receipts for key, value in receipt.external_ids.items()},
    )

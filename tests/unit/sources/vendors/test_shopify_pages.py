"""Records of a page are stored as they came, unless there is more of them than came."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from include.sources.pull.base import Unparsed
from include.sources.vendors import _shopify_queries as q
from include.sources.vendors._shopify_pages import read_answer, read_record

AT_ITS_END = {"hasNextPage": False, "endCursor": "abc="}
MORE = {"hasNextPage": True, "endCursor": "abc="}


def order(lines: dict[str, Any] = AT_ITS_END, refunds: int = 0, note: str = "") -> dict[str, Any]:
    of_refund = {"refundLineItems": {"nodes": [], "pageInfo": AT_ITS_END}}
    return {
        "id": "gid://shopify/Order/1",
        "updatedAt": "2026-01-01T00:00:00Z",
        "note": note,
        "lineItems": {"nodes": [{"id": "l1"}], "pageInfo": lines},
        "shippingLines": {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}},
        "refunds": [{"id": f"r{number}", **of_refund} for number in range(refunds)],
    }


def read(record: dict[str, Any], separators: tuple[str, str] = (",", ":")) -> Any:
    return read_record(msgspec.Raw(json.dumps(record, separators=separators).encode()), q.ORDERS)


def test_a_complete_record_stays_text_without_the_ends_of_its_lists() -> None:
    found = read(order(refunds=1))
    assert isinstance(found, Unparsed)
    assert (found.key, found.version) == ("gid://shopify/Order/1", "2026-01-01T00:00:00Z")
    assert json.loads(found.payload) == {
        "id": "gid://shopify/Order/1",
        "updatedAt": "2026-01-01T00:00:00Z",
        "note": "",
        "lineItems": {"nodes": [{"id": "l1"}]},
        "shippingLines": {"nodes": []},
        "refunds": [{"id": "r0", "refundLineItems": {"nodes": []}}],
    }


@pytest.mark.parametrize(
    ("record", "separators"),
    [
        (order(lines=MORE), (",", ":")),
        # As many refunds as came at most: there may be more.
        (order(refunds=q.REFUNDS), (",", ":")),
        # Written in another way than is known, it is not guessed at.
        (order(), (", ", ": ")),
    ],
)
def test_a_record_of_which_there_may_be_more_is_parsed(record: dict[str, Any], separators: tuple[str, str]) -> None:
    assert read(record, separators) == record


def test_what_somebody_wrote_is_not_taken_for_the_end_of_a_list() -> None:
    note = 'x,"pageInfo":{"hasNextPage":false,"endCursor":null}'
    found = read(order(note=note))
    record = found if isinstance(found, dict) else json.loads(found.payload)
    assert record["note"] == note


def test_what_is_no_page_is_an_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        read_answer(b'{"data": {"orders": {"nodes": []}}}')
    assert read_answer(b'{"errors": [{"message": "no"}]}').errors == [{"message": "no"}]

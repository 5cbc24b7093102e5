"""Finding bad rows from counts: against a tool that knows them, for any rows and any way of answering."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.destinations.base import DestinationRefused, Member, Receipt
from include.destinations.counted import Counted, send_counted


class CountingTool:
    """Knows the bad rows, and tells of them in one way: by number, by some names, by refusing all or by nothing."""

    def __init__(self, bad: set[str], how: str, names: int) -> None:
        self.bad, self.how, self.names = bad, how, names
        self.held: set[str] = set()
        self.requests = 0

    def send(self, part: tuple[Member, ...]) -> Counted:
        self.requests += 1
        keys = {member.customer_key for member in part}
        wrong = sorted(keys & self.bad)
        named = dict.fromkeys(wrong[: self.names], "named")
        if self.how == "takes the good":
            self.held |= keys - self.bad
            return Counted(bad=len(wrong), named=named)
        if not wrong:
            self.held |= keys
            return Counted()
        return Counted(taken=False, bad=len(named) or None, named=named)


def members(count: int) -> tuple[Member, ...]:
    return tuple(Member(f"c{number}", "t") for number in range(count))


def rejected(receipt: Receipt, retryable: bool) -> set[str]:
    return {one.customer_key for one in receipt.rejected if one.retryable is retryable}


ways = st.sampled_from(["takes the good", "takes none"])


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 40), st.sets(st.integers(0, 39)), ways, st.integers(0, 3))
def test_with_enough_requests_each_row_is_told_apart(count: int, wrong: set[int], how: str, names: int) -> None:
    rows = members(count)
    bad = {f"c{number}" for number in wrong if number < count}
    tool = CountingTool(bad, how, names)
    if len(bad) == count >= 10 and how == "takes the good":
        with pytest.raises(DestinationRefused):
            send_counted(rows, tool.send, "tool", 1000)
        return
    receipt = send_counted(rows, tool.send, "tool", 1000)
    assert set(receipt.accepted) == tool.held == {one.customer_key for one in rows} - bad
    assert rejected(receipt, retryable=False) == bad
    assert rejected(receipt, retryable=True) == set()


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 40), st.sets(st.integers(0, 39)), ways, st.integers(0, 3), st.integers(0, 12))
def test_with_few_requests_nothing_wrong_is_said(count: int, wrong: set[int], how: str, names: int, bound: int) -> None:
    rows = members(count)
    bad = {f"c{number}" for number in wrong if number < count}
    tool = CountingTool(bad, how, names)
    try:
        receipt = send_counted(rows, tool.send, "tool", bound)
    except DestinationRefused:
        assert tool.held == set() or how == "takes the good"
        return
    assert tool.requests <= 1 + bound + 1
    assert set(receipt.accepted) <= tool.held
    assert rejected(receipt, retryable=False) <= bad
    said = [*receipt.accepted, *(one.customer_key for one in receipt.rejected)]
    assert sorted(said) == sorted(one.customer_key for one in rows)


def test_halving_takes_few_requests() -> None:
    tool = CountingTool({"c777"}, "takes the good", 0)
    receipt = send_counted(members(10_000), tool.send, "tool", 60)
    assert (len(receipt.accepted), len(receipt.rejected)) == (9_999, 1)
    assert tool.requests <= 29


def test_rows_of_unknown_outcome_are_in_neither_list() -> None:
    receipt = send_counted(members(5), lambda part: Counted(known=False), "tool", 10)
    assert (receipt.accepted, receipt.rejected) == ([], [])


def test_nothing_to_send_is_no_request() -> None:
    tool = CountingTool(set(), "takes the good", 0)
    assert send_counted((), tool.send, "tool", 10).accepted == []
    assert tool.requests == 0

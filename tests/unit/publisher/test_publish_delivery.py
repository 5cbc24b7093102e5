"""Receipts: what the ledger makes of a tool's answer."""

from __future__ import annotations

from unittest import mock

import pytest

from include.destinations.base import (
    Batch,
    DestinationError,
    DestinationUnavailable,
    Member,
    Operation,
    Receipt,
    Rejection,
)
from include.publisher.deliver import check_receipt
from include.publisher.publish import publish
from tests.unit.publisher.test_publish_crash import Tool
from tests.unit.publisher.world import World, customers

BATCH = Batch("tool", "loyal", "r", Operation.ADD, (Member("a", "t"), Member("b", "t")))


@pytest.mark.parametrize(
    ("receipt", "says"),
    [
        (Receipt(["a", "z"]), "names 1 members who were not in the batch"),
        (Receipt(["a", "a"]), "0 members who were not in the batch and 1 twice"),
        (Receipt(["a"], [Rejection("a", "no", True)]), "1 twice"),
    ],
)
def test_a_receipt_must_speak_of_the_batch(receipt: Receipt, says: str) -> None:
    with pytest.raises(DestinationError, match=says):
        check_receipt(BATCH, receipt)


def test_a_receipt_may_leave_members_out() -> None:
    check_receipt(BATCH, Receipt(["a"]))
    check_receipt(BATCH, Receipt([], [Rejection("b", "no", False)]))


def attempt(world: World, tool: Tool, run: str, fault: str) -> None:
    tool.fault, tool.after = fault, 1
    with mock.patch("include.publisher.publish.create_destination", return_value=tool):
        publish("loyal", "files", run, world.settings)


def doubts(world: World) -> list[tuple]:
    return world.ledger("select customer_key, doubt_operation, content_hash from publish_members")


def test_a_refusal_settles_the_doubt_of_its_own_run(world: World) -> None:
    world.promote(customers(1))
    attempt(world, Tool(), "monday", "reject")
    assert doubts(world) == [("c0001", None, None)]
    world.promote([])
    tool = Tool()
    attempt(world, tool, "tuesday", "lost_after")
    assert tool.after == 1, "who was never there is not removed"


def test_a_refusal_does_not_settle_the_doubt_of_an_earlier_run(world: World) -> None:
    world.configure([{"id": "files", "type": "files", "dry_run": False}], guard={"max_removal_share": 1})
    tool = Tool()
    world.promote(customers(1, 2))
    with pytest.raises(DestinationUnavailable):
        attempt(world, tool, "monday", "lost_after")
    attempt(world, tool, "tuesday", "reject")
    assert ("c0001", "add", None) in doubts(world)
    world.promote(customers(2))
    attempt(world, tool, "wednesday", "")
    assert set(tool.members) == {"c0002"}


def test_the_tools_own_id_comes_back(world: World) -> None:
    class Naming(Tool):
        seen: tuple = ()

        def send(self, batch: Batch) -> Receipt:
            self.seen += tuple((batch.operation.value, member.external_id) for member in batch.members)
            keys = [member.customer_key for member in batch.members]
            return Receipt(keys, external_ids={key: f"id-{key}" for key in keys} if batch.operation == "add" else {})

    tool = Naming()
    world.configure([{"id": "files", "type": "files", "dry_run": False}], guard={"max_removal_share": 1})
    world.promote(customers(1, 2))
    attempt(world, tool, "monday", "")
    world.promote(customers(2))
    attempt(world, tool, "tuesday", "")
    assert tool.seen == (("add", None), ("add", None), ("remove", "id-c0001"))
    assert world.ledger("select customer_key, external_id from publish_members order by 1") == [
        ("c0001", None),
        ("c0002", "id-c0002"),
    ]

"""The plan: what a member is told, compared with what the destination confirmed."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pyarrow as pa
import pytest

from include.destinations.base import Operation
from include.publisher.audiences import Audience
from include.publisher.keys import hmac_pads
from include.publisher.plan import LETTERS_SCHEMA, PHASES, SNAPSHOT_SCHEMA, Held, Phase, make_plan
from include.publisher.source import open_source
from tests.unit.publisher.world import AUDIENCE, Customer, World, customers

KEY = b"0123456789abcdef0123456789abcdef"
REGULARS = Audience(
    id=AUDIENCE,
    description="Regulars.",
    channel="email",
    destinations=("files",),
    contact_fields=("email", "first_name"),
    attributes=("stage", "spent"),
)


def plan_of(world: World, held: dict[str, dict[str, Any]] | None = None, letters: list[dict[str, Any]] | None = None):
    """Return counts and {key: (operation, reason, content_hash, version)} against a snapshot."""
    rows = [{"customer_key": key} | dict.fromkeys(SNAPSHOT_SCHEMA.names[1:]) | row for key, row in (held or {}).items()]
    with open_source(world.settings) as source:
        snapshot = pa.Table.from_pylist(rows, SNAPSHOT_SCHEMA)
        held = Held(snapshot, pa.Table.from_pylist(letters or [], LETTERS_SCHEMA))
        plan = make_plan(source, REGULARS, held, KEY)
        changes = plan.changes().read_all().to_pylist()
        by_key = {
            row["customer_key"]: tuple(row[name] for name in ("operation", "reason", "content_hash", "version"))
            for row in changes
        }
        assert [row["customer_key"] for row in changes] == sorted(by_key)
        sent = [part for phase in PHASES for batch in plan.batches(phase, 2) for part in batch]
        assert sorted(row.member.customer_key for row in sent) == sorted(by_key)
        return plan.counts, by_key


def hashes(world: World, *rows: Customer) -> dict[str, str]:
    world.promote(rows)
    return {key: row[2] for key, row in plan_of(world)[1].items()}


def kept(content_hash: str | None, version: int = 1, **doubt: Any) -> dict[str, Any]:
    return {"content_hash": content_hash, "version": version} | doubt


def test_the_difference_is_exact(world: World) -> None:
    was = hashes(world, *customers(1, 2, 3))
    world.promote([*customers(2), *customers(3, stage="at_risk"), *customers(4)])
    counts, changes = plan_of(world, {key: kept(value) for key, value in was.items()})
    assert (counts.adds, counts.updates, counts.removes, counts.unchanged) == (1, 1, 1, 1)
    assert {key: row[:2] for key, row in changes.items()} == {
        "c0001": ("remove", "left_audience"),
        "c0003": ("update", "content_changed"),
        "c0004": ("add", "joined"),
    }
    assert (counts.snapshot, counts.confirmed, counts.sendable) == (3, 3, 3)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"stage": "loyal"}, {"stage": None}),
        ({"stage": None}, {"stage": "loyal"}),
        ({"stage": None}, {"stage": ""}),
        ({"stage": None}, {"stage": "null"}),
        ({"email": "old@people.example"}, {"email": "new@people.example"}),
        ({"stage": "a", "first_name": "b"}, {"stage": "b", "first_name": "a"}),
    ],
)
def test_every_difference_is_an_update_and_none_is_none(world: World, before: dict, after: dict) -> None:
    was = hashes(world, *customers(1, **before))
    assert plan_of(world, {"c0001": kept(was["c0001"])})[0].changes == 0
    world.promote(customers(1, **after))
    counts, changes = plan_of(world, {"c0001": kept(was["c0001"])})
    assert (counts.updates, counts.changes) == (1, 1)
    assert changes["c0001"][3] == 2


def test_why_a_member_is_removed(world: World) -> None:
    was = hashes(world, *customers(1, 2, 3, 4))
    world.promote(
        [*customers(3, email=None), *customers(4)],
        suppressed=[("c0002", "email"), ("c0004", "email"), ("c0001", "sms")],
    )
    counts, changes = plan_of(world, {key: kept(value) for key, value in was.items()})
    assert {key: row[:2] for key, row in changes.items()} == {
        "c0001": ("remove", "left_audience"),  # suppressed on another channel
        "c0002": ("remove", "consent_lost"),
        "c0003": ("remove", "missing_contact"),
        "c0004": ("remove", "consent_lost"),  # the warehouse contradicts itself: consent wins
    }
    assert (counts.consent_removes, counts.guarded_removes) == (2, 2)
    assert counts.skipped == {"missing_contact": 1, "suppressed": 1}


@pytest.mark.parametrize("email", [None, "", "  "])
def test_a_member_without_the_required_contact_is_skipped(world: World, email: str | None) -> None:
    world.promote([Customer("c0001", email or (None if email is None else " ")), *customers(2)])
    counts, changes = plan_of(world)
    assert counts.skipped == {"missing_contact": 1}
    assert set(changes) == {"c0002"}


@pytest.mark.parametrize(
    ("held", "wanted", "expected"),
    [
        # doubt after the first sending: nothing confirmed yet
        (kept(None, 1, doubt_operation="add", doubt_hash="NEW"), True, ("add", "unconfirmed", 1)),
        (kept(None, 1, doubt_operation="add", doubt_hash="other"), True, ("add", "unconfirmed", 2)),
        (kept(None, 1, doubt_operation="add", doubt_hash="NEW"), False, ("remove", "left_audience", 2)),
        # an update of unknown outcome, and the content is back at what was confirmed
        (kept("NEW", 2, doubt_operation="update", doubt_hash="other"), True, ("update", "unconfirmed", 3)),
        # a removal of unknown outcome
        (kept("NEW", 2, doubt_operation="remove"), True, ("add", "unconfirmed", 3)),
        (kept("NEW", 2, doubt_operation="remove"), False, ("remove", "left_audience", 2)),
        # a former member: nothing is there, and the version goes on
        (kept(None, 4), True, ("add", "joined", 5)),
        (kept(None, 4), False, None),
        (kept("NEW", 4), True, None),
    ],
)
def test_operations_of_unknown_outcome_are_settled_first(world: World, held: dict, wanted: bool, expected: Any) -> None:
    new = hashes(world, *customers(1))["c0001"]
    held = {name: new if value == "NEW" else value for name, value in held.items()}
    world.promote(customers(*([1] if wanted else [])))
    change = plan_of(world, {"c0001": held})[1].get("c0001")
    assert (change and (change[0], change[1], change[3])) == expected


def test_a_permanent_refusal_waits_for_new_content(world: World) -> None:
    refused = hashes(world, *customers(1))["c0001"]
    letter = {"customer_key": "c0001", "operation": "add", "content_hash": refused, "retryable": False}
    assert plan_of(world, letters=[letter])[0].skipped == {"dead_letter": 1}
    assert plan_of(world, letters=[letter | {"retryable": True}])[0].adds == 1
    world.promote(customers(1, stage="at_risk"))
    assert plan_of(world, letters=[letter])[0].adds == 1


def test_the_hash_made_in_sql_is_hmac_sha256(world: World) -> None:
    content = (
        '{"customer_key":"c0001","c_email":"c0001@people.example","c_first_name":null,'
        '"a_stage":"loyal","a_spent":"12.50"}'
    )
    expected = hmac.new(KEY, content.encode(), hashlib.sha256).hexdigest()
    assert hashes(world, *customers(1, first_name=None)) == {"c0001": expected}
    assert expected != hashlib.sha256(content.encode()).hexdigest()


@pytest.mark.parametrize("length", [16, 64, 65, 200])
def test_the_pads_follow_rfc_2104_for_every_key_length(length: int) -> None:
    key = bytes(range(length))
    inner, outer = hmac_pads(key)
    value = hashlib.sha256(outer + hashlib.sha256(inner + b"text").digest()).hexdigest()
    assert value == hmac.new(key, b"text", hashlib.sha256).hexdigest()


def test_removals_carry_contact_only_for_a_tool_that_needs_it(world: World) -> None:
    leaver, stranger = customers(1)[0], kept("x")
    world.promote(customers(2), forgotten=[leaver])
    with open_source(world.settings) as source:
        snapshot = pa.Table.from_pylist([{"customer_key": "c0001"} | stranger], SNAPSHOT_SCHEMA)
        plan = make_plan(source, REGULARS, Held(snapshot, LETTERS_SCHEMA.empty_table()), KEY)
        [[without]] = plan.batches(Phase(Operation.REMOVE), 5)
        [[with_contact]] = plan.batches(Phase(Operation.REMOVE), 5, remove_needs_contact=True)
    assert without.member.contact == {}
    assert with_contact.member.contact == {"email": "c0001@people.example", "first_name": "Ann"}
    assert "people.example" not in repr(with_contact)

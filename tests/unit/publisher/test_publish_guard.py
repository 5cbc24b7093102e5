"""The guard: what stops before the first request, what passes all the same, and how a human lets it go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from include.publisher.approvals import approve
from include.publisher.audiences import GuardLimits
from include.publisher.database import open_database
from include.publisher.errors import ApprovalError, PublishBlocked
from include.publisher.guard import Approved, GuardInput, why_blocked
from include.publisher.publish import publish
from tests.unit.publisher.world import World, customers, published


@pytest.mark.parametrize(
    ("snapshot", "sendable", "removals", "approved", "blocked"),
    [
        (100, 80, 20, None, False),
        (100, 79, 21, None, True),
        (5, 4, 1, None, False),
        (5, 3, 2, None, True),
        (4, 1, 3, None, False),  # below the floor of five
        (4, 0, 4, None, True),  # nobody left, whatever the size
        (1, 0, 1, None, True),
        (0, 0, 0, None, False),
        (9, 0, 0, None, False),  # all left for lost consent: nothing to decide
        (100, 79, 21, 21, False),
        (100, 78, 22, 21, True),
        (100, 0, 100, 100, False),
    ],
)
def test_limits(snapshot: int, sendable: int, removals: int, approved: int | None, blocked: bool) -> None:
    allowed = Approved(approved, sendable) if approved is not None else None
    reason = why_blocked(GuardInput(snapshot, sendable, removals, allowed), GuardLimits())
    assert (reason is not None) is blocked


@pytest.mark.parametrize(
    ("snapshot", "sendable", "approved", "blocked"),
    [
        (10, 50, None, False),
        (10, 51, None, True),
        (10, 51, Approved(0, 51), False),
        (10, 52, Approved(0, 51), True),
        (4, 400, None, False),  # below the floor of five
        (0, 400, None, False),  # the first list of all
    ],
)
def test_growth(snapshot: int, sendable: int, approved: Approved | None, blocked: bool) -> None:
    reason = why_blocked(GuardInput(snapshot, sendable, 0, approved), GuardLimits())
    assert (reason is not None) is blocked
    assert reason is None or f"from {snapshot} to {sendable} members, more than the allowed 5 times" in reason


DAY = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("as_of", "latest", "age", "reason"),
    [
        (DAY, DAY, timedelta(hours=48), None),
        (DAY, None, None, None),
        (DAY, DAY, timedelta(hours=49), "passed its gates 49 hours ago, more than the allowed 48"),
        (DAY - timedelta(days=1), DAY, timedelta(0), "up to 2026-01-01 00:00 UTC, and what was published before"),
    ],
)
def test_an_old_warehouse(as_of: datetime, latest: datetime | None, age: timedelta | None, reason: str | None) -> None:
    figures = GuardInput(10, 10, 0, None, as_of, latest, age)
    found = why_blocked(figures, GuardLimits(), timedelta(hours=48))
    assert (found is None) if reason is None else (found is not None and reason in found)
    assert why_blocked(replace(figures, approved=Approved(0, 10)), GuardLimits(), timedelta(hours=48)) is None


def test_a_share_that_floating_point_rounds_down_is_still_allowed() -> None:
    assert 0.29 * 100 < 29
    assert why_blocked(GuardInput(100, 71, 29), GuardLimits(max_removal_share=0.29)) is None
    assert why_blocked(GuardInput(100, 70, 30), GuardLimits(max_removal_share=0.29)) is not None


def start_with_100(world: World) -> None:
    world.promote(customers(*range(100)))
    publish("loyal", "files", "monday", world.settings)


def test_twenty_percent_leave_and_go(world: World) -> None:
    start_with_100(world)
    world.promote(customers(*range(20, 100)))
    assert publish("loyal", "files", "tuesday", world.settings).removes == 20
    assert len(published(world)) == 80


def test_twenty_one_percent_are_stopped_and_the_error_says_everything(world: World) -> None:
    start_with_100(world)
    world.promote(customers(*range(21, 100), 500))
    with pytest.raises(PublishBlocked) as caught:
        publish("loyal", "files", "tuesday", world.settings)
    message = str(caught.value)
    assert "21 of 100 members (21.0%)" in message
    assert "allowed 20%" in message
    assert "python -m include.publisher approve tuesday.loyal.files" in message
    assert len(published(world)) == 100
    assert world.ledger("select status, removes, adds, error from publish_runs where requested_run_id = 'tuesday'") == [
        ("blocked", 21, 1, message)
    ]
    planned = (
        "select operation, outcome, count(*) from publish_changes where run_id like 'tuesday%' group by 1, 2 order by 1"
    )
    assert world.ledger(planned) == [("add", "planned", 1), ("remove", "planned", 21)]


def test_lost_consent_passes_a_blocked_guard(world: World) -> None:
    start_with_100(world)
    world.promote(customers(*range(50, 100)), suppressed=[("c0007", "email"), ("c0060", "email"), ("c0008", "sms")])
    with pytest.raises(PublishBlocked, match=r"49 of 100 .* The 2 removals for lost consent were carried out"):
        publish("loyal", "files", "tuesday", world.settings)
    assert set(published(world)) == {customer.key for customer in customers(*range(100))} - {"c0007", "c0060"}
    assert world.confirmed("files") == set(published(world))


def test_an_empty_source_is_stopped(world: World) -> None:
    start_with_100(world)
    world.promote([])
    with pytest.raises(PublishBlocked, match="source is empty while 100 members"):
        publish("loyal", "files", "tuesday", world.settings)
    assert len(published(world)) == 100


def test_contacts_gone_missing_are_an_empty_source_too(world: World) -> None:
    start_with_100(world)
    world.promote(customers(*range(100), email=None))
    with pytest.raises(PublishBlocked, match="source is empty"):
        publish("loyal", "files", "tuesday", world.settings)


def test_an_approval_lets_one_run_remove_as_many_and_no_more(world: World) -> None:
    start_with_100(world)
    world.promote(customers(*range(30, 100)))
    with pytest.raises(PublishBlocked):
        publish("loyal", "files", "tuesday", world.settings)
    database = open_database(world.settings)
    assert approve(database, "tuesday.loyal.files", "ops")[1] == 30
    world.promote(customers(*range(31, 100)))
    with pytest.raises(PublishBlocked, match="31 of 100"):
        publish("loyal", "files", "wednesday", world.settings)
    world.promote(customers(*range(30, 100)))
    assert publish("loyal", "files", "thursday", world.settings).removes == 30
    assert len(published(world)) == 70
    # It is used up: the next fall needs a look of its own.
    world.promote(customers(*range(45, 100)))
    with pytest.raises(PublishBlocked, match="15 of 70"):
        publish("loyal", "files", "friday", world.settings)
    database.close()


def test_an_approval_ends_after_a_week(world: World) -> None:
    start_with_100(world)
    world.promote(customers(*range(30, 100)))
    with pytest.raises(PublishBlocked):
        publish("loyal", "files", "tuesday", world.settings)
    database = open_database(world.settings)
    approve(database, "tuesday.loyal.files", "ops")
    database.close()
    engine = create_engine(world.settings.ledger)
    with engine.begin() as connection:
        connection.execute(text("update publish_approvals set expires_at = '2020-01-01 00:00:00.000000'"))
    engine.dispose()
    with pytest.raises(PublishBlocked):
        publish("loyal", "files", "next month", world.settings)


def test_only_a_blocked_run_can_be_approved(world: World) -> None:
    start_with_100(world)
    database = open_database(world.settings)
    with pytest.raises(ApprovalError, match="no run 'nothing'"):
        approve(database, "nothing", "ops")
    with pytest.raises(ApprovalError, match="'done', expected 'blocked'"):
        approve(database, "monday.loyal.files", "ops")
    world.promote(customers(*range(30, 100)))
    with pytest.raises(PublishBlocked):
        publish("loyal", "files", "tuesday", world.settings)
    world.promote(customers(*range(100)))
    publish("loyal", "files", "wednesday", world.settings)
    with pytest.raises(ApprovalError, match="out of date"):
        approve(database, "tuesday.loyal.files", "ops")
    database.close()

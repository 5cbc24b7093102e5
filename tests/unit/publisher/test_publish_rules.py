"""Who is left out although the model has them, what a first run does, and what is seen of it all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml

from include.destinations.base import ReadBack
from include.destinations.config import ConfigError
from include.publisher.audiences import Audience, is_due, load_audiences
from include.publisher.drift import compare
from include.publisher.publish import publish
from tests.unit.publisher.world import DESTINATIONS, World, customers, make_world, published


def rewrite(world: World, statement: str) -> None:
    with duckdb.connect(str(world.settings.live_warehouse)) as connection:
        connection.execute(statement)


def audiences(world: World, *rows: dict[str, object]) -> None:
    base = yaml.safe_load(world.settings.audiences_file.read_text())["audiences"][0]
    world.settings.audiences_file.write_text(yaml.safe_dump({"audiences": [base | row for row in rows]}))


def reasons(world: World, run: str) -> dict[str, str]:
    rows = world.ledger(f"select customer_key, reason from publish_changes where run_id like '{run}.%'")
    return {str(key): str(reason) for key, reason in rows}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def test_who_is_held_out_leaves_but_not_as_a_lost_consent(world: World) -> None:
    world.promote(customers(*range(20)))
    publish("loyal", "files", "monday", world.settings)
    world.promote(customers(*range(20)))
    rewrite(world, "insert into publish.pub_suppressions values ('c0003', 'email', 'held out', 'hold_out')")
    result = publish("loyal", "files", "tuesday", world.settings)
    assert (result.removes, result.consent_removes, result.skipped_reasons) == (1, 0, {"held_out": 1})
    assert reasons(world, "tuesday") == {"c0003": "held_out"}


def test_a_withdrawn_consent_wins_over_a_hold_out(world: World) -> None:
    world.promote(customers(*range(20)))
    publish("loyal", "files", "monday", world.settings)
    world.promote(customers(*range(20)), suppressed=[("c0003", "email")])
    rewrite(world, "insert into publish.pub_suppressions values ('c0003', 'email', 'held out', 'hold_out')")
    assert publish("loyal", "files", "tuesday", world.settings).consent_removes == 1


def test_audiences_of_a_group_share_nobody(world: World) -> None:
    audiences(world, {"group": "mail", "rank": 2}, {"id": "gold", "group": "mail", "rank": 1})
    world.promote(customers(*range(10)))
    # c0001 is gold; c0002 is gold too but withdrew for it, and who cannot be sent there is not lost here.
    rewrite(
        world,
        "create table publish.pub_gold as from publish.pub_loyal where customer_key in ('c0001', 'c0002', 'c0003');"
        "update publish.pub_gold set stage = 'gold'",
    )
    with duckdb.connect(str(world.settings.live_contacts)) as connection:
        connection.execute("update contacts.contacts.contacts set email = ' ' where customer_key = 'c0003'")
    result = publish("loyal", "files", "monday", world.settings)
    assert result.skipped_reasons == {"missing_contact": 1, "outranked": 2}
    assert len(published(world)) == 7
    # Out of the higher one, they come back.
    rewrite(world, "delete from publish.pub_gold where customer_key = 'c0002'")
    assert publish("loyal", "files", "tuesday", world.settings).adds == 1
    # Into it, they leave.
    rewrite(world, "insert into publish.pub_gold values ('c0005', 'gold', 1)")
    publish("loyal", "files", "wednesday", world.settings)
    assert reasons(world, "wednesday") == {"c0005": "outranked"}


MONDAY = datetime(2026, 1, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("latest", "now", "due"),
    [
        (None, MONDAY - timedelta(days=3), True),  # never sent before
        (MONDAY - timedelta(seconds=1), MONDAY - timedelta(seconds=1), False),
        (MONDAY - timedelta(seconds=1), MONDAY, True),
        (MONDAY, MONDAY + timedelta(days=6), False),
        (MONDAY, MONDAY + timedelta(days=7), True),
    ],
)
def test_a_schedule_is_due_once_after_each_of_its_moments(latest: datetime | None, now: datetime, due: bool) -> None:
    row = {"id": "loyal", "description": "Regulars.", "channel": "email", "destinations": ["files"]}
    audience = Audience.model_validate(row | {"schedule": "0 6 * * 1"})
    assert is_due(audience, latest, now) is due


def test_between_two_moments_only_lost_consents_are_sent(world: World) -> None:
    world.configure(schedule="0 0 1 1 *")
    world.promote(customers(*range(10)))
    assert publish("loyal", "files", "monday", world.settings).status == "done"
    world.promote(customers(*range(1, 12)), suppressed=[("c0001", "email")])
    result = publish("loyal", "files", "tuesday", world.settings)
    assert (result.status, result.adds, result.removes, result.consent_removes) == ("not_due", 2, 2, 1)
    outcomes = dict(world.ledger("select customer_key, outcome from publish_changes where run_id like 'tuesday%'"))
    assert outcomes == {"c0000": "planned", "c0001": "confirmed", "c0010": "planned", "c0011": "planned"}


def test_a_schedule_that_is_no_cron_is_refused(world: World) -> None:
    audiences(world, {"schedule": "on Mondays"})
    with pytest.raises(ConfigError, match="expected a cron expression of five fields"):
        load_audiences(world.settings)


def test_two_audiences_of_one_rank_are_refused(world: World) -> None:
    audiences(world, {"group": "mail"}, {"id": "gold", "group": "mail"})
    with pytest.raises(ConfigError, match="'loyal' and 'gold' have the rank 0 in the group 'mail'"):
        load_audiences(world.settings)


def test_a_frequency_cap_is_for_events(world: World) -> None:
    audiences(world, {"frequency_cap": {"messages": 1, "days": 7}})
    with pytest.raises(ConfigError, match="frequency_cap is for mode events, the mode is members"):
        load_audiences(world.settings)


def test_the_first_run_of_a_new_destination_only_plans(world: World) -> None:
    world.configure([DESTINATIONS[0] | {"dry_run": "first"}])
    world.promote(customers(*range(10)))
    assert publish("loyal", "files", "monday", world.settings).status == "dry_run"
    assert not (world.settings.data_dir / "published").exists()
    second = publish("loyal", "files", "tuesday", world.settings)
    assert (second.status, second.adds) == ("done", 10)


@pytest.mark.parametrize(
    ("confirmed", "held", "missing", "unexpected", "is_drift"),
    [
        ({"a", "b"}, ReadBack(2, frozenset({"a", "b"})), 0, 0, False),
        ({"a", "b"}, ReadBack(2, frozenset({"a", "c"})), 1, 1, True),
        ({"a"}, ReadBack(2, frozenset({"a", "c"})), 0, 1, False),  # somebody else's member is left alone
        ({"a", "b"}, ReadBack(1), None, None, True),
        ({"a", "b"}, ReadBack(1, tolerance=0.5), None, None, False),
        (set(), ReadBack(100, tolerance=1.0, rounding=100), None, None, False),  # it counts in hundreds, upwards
        (set(), ReadBack(101, tolerance=1.0, rounding=100), None, None, True),
        ({"a"}, None, None, None, True),
        (set(), None, None, None, False),
    ],
)
def test_drift(
    confirmed: set[str], held: ReadBack | None, missing: int | None, unexpected: int | None, is_drift: bool
) -> None:
    found = compare(len(confirmed), held, lambda: confirmed)
    assert (found.missing, found.unexpected, found.is_drift) == (missing, unexpected, is_drift)


def test_a_shortened_list_is_seen_as_drift(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.promote(customers(*range(3)))
    assert publish("loyal", "files", "monday", world.settings).is_drift is False
    assert world.ledger("select expected, found, is_drift from publish_drift") == [(3, 3, 0)]

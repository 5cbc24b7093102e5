"""A reader meets the old build or the new one; a load that fails, dies or meets another leaves a whole one."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from include.serve import postgres as serving_postgres
from include.serve import serve as serving
from include.serve import swap
from include.serve.errors import ServeError
from tests.unit.serve.world import World

BUILDS_SEEN = """
select customers.build, totals.build, rules.build, build.build_id, runs.build
from marts.customers as customers, marts.totals as totals, seeds.rules as rules, meta.build as build,
    publish.publish_runs as runs
"""
LIVE = ["audit", "marts", "meta", "publish", "seeds"]


@contextmanager
def reading(world: World) -> Iterator[set[Any]]:
    """Read again and again, in a thread, what builds one statement sees; errors count too."""
    seen: set[Any] = set()
    stop = threading.Event()

    def look() -> None:
        with psycopg.connect(world.url, user="perennial_bi", autocommit=True) as con:
            while not stop.is_set():
                try:
                    seen.update(con.execute(BUILDS_SEEN).fetchall())
                except psycopg.Error as error:
                    seen.add(type(error).__name__)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def test_a_reader_never_sees_a_mix(world: World) -> None:
    world.promote("b0")
    world.serve()
    with reading(world) as seen:
        for number in range(1, 6):
            world.promote(f"b{number}")
            world.serve()
        time.sleep(0.2)
    assert {"b0", "b5"} <= {row[0] for row in seen}
    assert {row for row in seen if len(set(row)) > 1} == set()


def test_a_swap_schema_by_schema_would_be_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def one_by_one(con: psycopg.Connection, names: dict[str, str], _gone: object, load_id: str) -> None:
        for schema, name in names.items():
            for old, new in ((schema, f"{schema}_old_{load_id}"), (name, schema)):
                con.execute(sql.SQL("alter schema {} rename to {}").format(sql.Identifier(old), sql.Identifier(new)))
            con.execute(sql.SQL("grant usage on schema {} to perennial_bi").format(sql.Identifier(schema)))
            time.sleep(0.05)

    world.promote("b0")
    world.serve()
    monkeypatch.setattr(swap, "swap", one_by_one)
    world.promote("b1")
    with reading(world) as seen:
        world.serve()
    assert {row for row in seen if len(set(row)) > 1} != set()


def test_a_load_that_fails_leaves_what_was_served(world: World) -> None:
    world.promote("b1")
    world.serve()
    world.promote("b2", "create table marts.zzz as select 'a' || chr(0) || 'ann@example.org' as x")
    with pytest.raises(ServeError, match=r"PostgreSQL refused rows of marts\.zzz \(.*its log says which") as raised:
        world.serve()
    assert "ann@" not in str(raised.value)
    assert set(world.ask(BUILDS_SEEN)) == {("b1",) * 5}
    world.promote("b3")
    world.serve()
    assert set(world.ask(BUILDS_SEEN)) == {("b3",) * 5}
    assert world.schemas() == LIVE


def test_a_load_that_is_killed_leaves_what_was_served(world: World) -> None:
    world.promote("b1")
    world.serve()
    world.promote("b2")
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, signal\n"
            "from include.serve import load, serve\n"
            "serve.keys = dict\n"
            "load.finish = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
            "from include.settings import get_settings\n"
            "serve.serve(get_settings())",
        ],
        env={"PERENNIAL_SERVE_URL": world.url, "PERENNIAL_DATA_DIR": str(world.settings.data_dir), "PYTHONPATH": "."},
    )
    assert killed.returncode == -9
    assert set(world.ask(BUILDS_SEEN)) == {("b1",) * 5}
    assert len(world.schemas()) == 2 * len(LIVE)
    world.serve()
    assert set(world.ask(BUILDS_SEEN)) == {("b2",) * 5}
    assert world.schemas() == LIVE


def test_two_at_once_come_one_after_the_other(world: World) -> None:
    world.promote("b1")
    with ThreadPoolExecutor(2) as pool:
        served = [future.result() for future in [pool.submit(world.serve) for _ in range(2)]]
    assert [one.build_id for one in served] == ["b1", "b1"]
    assert world.schemas() == LIVE


def test_a_load_that_does_not_end_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_postgres, "WAIT_FOR_OTHER_LOAD", "100ms")
    world.promote("b1")
    with psycopg.connect(world.url) as other:
        other.execute("select pg_advisory_lock(%s)", [serving_postgres.LOAD_LOCK])
        with pytest.raises(ServeError, match=r"Another load into .* has not ended within 100ms"):
            world.serve()


def test_a_transaction_left_open_holds_up_no_load(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "READERS_SECONDS", 1.0)
    monkeypatch.setattr(swap, "PAUSE_SECONDS", 0.1)
    world.promote("b1")
    world.serve()
    world.promote("b2")
    with psycopg.connect(world.url) as idle:
        idle.execute("select * from marts.customers")
        world.serve()
        assert set(world.ask(BUILDS_SEEN)) == {("b2",) * 5}
        assert next(name for name in world.schemas() if "_old_" in name).startswith("marts_old_")
    world.serve()
    assert world.schemas() == LIVE


def test_what_came_to_stand_on_the_old_tables_during_a_load_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.promote("b1")
    world.serve()
    finish = serving.load.finish

    def finish_late(*arguments: Any) -> None:
        world.do("create schema team; create view team.mine as select build from marts.customers")
        finish(*arguments)

    monkeypatch.setattr(serving.load, "finish", finish_late)
    world.promote("b2")
    world.serve()
    assert set(world.ask("select build from team.mine")) == {("b1",)}
    with pytest.raises(ServeError, match=r"team\.mine"):
        world.serve()

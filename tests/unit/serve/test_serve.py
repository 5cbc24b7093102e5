"""What a load brings to PostgreSQL, and to whom."""

from __future__ import annotations

import psycopg
import pytest

from include.serve.errors import ServeError, ServeUnset
from include.serve.serve import serve
from tests.unit.serve.world import World
from tests.unit.sources.bench import plain_settings


def test_every_live_schema_arrives_with_its_rows(world: World) -> None:
    world.promote("b1")
    served = world.serve()
    assert (served.build_id, served.tables, served.rows) == ("b1", 5, 3 + 2 + 1 + 1 + 1)
    assert world.schemas() == ["audit", "marts", "meta", "publish", "seeds"]
    assert world.ask("select customer_key, build from marts.customers order by 1") == [
        ("c1", "b1"), ("c2", "b1"), ("c3", "b1"),
    ]  # fmt: skip


def test_a_view_of_the_journals_files_arrives_as_a_table(world: World) -> None:
    world.promote("b1")
    world.serve()
    assert world.ask("select run_id from publish.publish_runs") == [("r1",)]
    assert world.ask("select relkind::text from pg_class where oid = 'publish.publish_runs'::regclass") == [("r",)]


def test_comments_keys_and_statistics_come_along(world: World) -> None:
    world.promote("b1")
    world.serve()
    assert world.ask(
        "select obj_description('marts.customers'::regclass), col_description('marts.customers'::regclass, 1)"
    ) == [("One row per customer: the shop's own", "Who, 100 % stable")]
    assert world.ask(
        "select indrelid::regclass::text, indisprimary, indnullsnotdistinct from pg_index"
        " where indrelid::regclass::text like 'marts.%' order by 1"
    ) == [("marts.customers", True, False), ("marts.totals", False, True)]
    assert world.ask("select reltuples from pg_class where oid = 'marts.customers'::regclass") == [(3.0,)]


def test_the_next_build_replaces_the_one_before_and_leaves_nothing(world: World) -> None:
    for build in ("b1", "b2"):
        world.promote(build)
        world.serve()
    assert world.ask("select distinct build from marts.customers") == [("b2",)]
    assert world.schemas() == ["audit", "marts", "meta", "publish", "seeds"]


def test_the_bi_role_reads_and_does_nothing_else(world: World) -> None:
    world.settings.serve_contacts = True
    world.promote("b1")
    world.serve()
    assert world.ask("select count(*) from marts.customers", user="perennial_bi") == [(3,)]
    assert world.ask("select rolpassword is null from pg_authid where rolname = 'perennial_bi'") == [(True,)]
    for statement in (
        "select * from contacts.contacts",
        "set default_transaction_read_only = off; commit; update marts.customers set build = 'x'",
        "set default_transaction_read_only = off; commit; create table marts.mine (x int)",
        "set default_transaction_read_only = off; commit; create table public.mine (x int)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            world.do(statement, user="perennial_bi")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        world.do("create temporary table mine (x int)", user="perennial_bi")


def test_contacts_are_for_their_own_role_and_leave_when_they_are_no_longer_asked_for(world: World) -> None:
    world.promote("b1")
    world.serve()
    assert "contacts" not in world.schemas()
    world.settings.serve_contacts = True
    world.serve()
    assert world.ask("select email from contacts.contacts", user="perennial_contacts") == [("b1@x.example",)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        world.ask("select * from marts.customers", user="perennial_contacts")
    world.settings.serve_contacts = False
    world.serve()
    assert "contacts" not in world.schemas()


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        (None, ServeUnset, r"PERENNIAL_SERVE_URL is not set, expected postgresql://user.*See docs/connect\.md"),
        ("", ServeUnset, "PERENNIAL_SERVE_URL is not set"),
        ("sqlite:///x.db", ServeError, "PERENNIAL_SERVE_URL is a sqlite URL, expected postgresql://"),
        ("not a url", ServeError, "PERENNIAL_SERVE_URL cannot be read"),
        ("postgresql+psycopg://a:hush@127.0.0.1:9/db", ServeError, r"//a:\*\*\*@127.0.0.1:9/db cannot be opened: .*9"),
    ],
)
def test_an_unusable_address_is_named_without_its_password(
    world: World, url: str | None, error: type, message: str
) -> None:
    world.promote("b1")
    settings = plain_settings(world.settings.data_dir, serve_url=url)
    with pytest.raises(error, match=message) as raised:
        serve(settings)
    assert "hush" not in str(raised.value)


def test_without_a_promoted_build_there_is_nothing_to_serve(world: World) -> None:
    with pytest.raises(ServeError, match=r"warehouse\.duckdb does not exist, expected a promoted build; run the DAG"):
        world.serve()


def test_contacts_of_another_build_are_refused(world: World) -> None:
    world.promote("b1")
    kept = world.settings.live_contacts.read_bytes()
    world.promote("b2")
    world.settings.live_contacts.write_bytes(kept)
    world.settings.serve_contacts = True
    with pytest.raises(ServeError, match=r"is build b2 and .*contacts\.duckdb is build b1, expected the same"):
        world.serve()


def test_a_schema_of_somebody_else_is_not_touched(world: World) -> None:
    world.promote("b1")
    world.do("create schema marts; create table marts.mine as select 1 as x")
    with pytest.raises(ServeError, match="has schemas marts that no load has made"):
        world.serve()
    assert world.ask("select x from marts.mine") == [(1,)]


def test_a_view_that_stands_on_our_tables_is_not_destroyed(world: World) -> None:
    world.promote("b1")
    world.serve()
    world.do("create schema team; create view team.mine as select customer_key from marts.customers")
    with pytest.raises(ServeError, match=r"These views stand on tables that each load replaces: team\.mine"):
        world.serve()
    assert world.ask("select count(*) from team.mine") == [(3,)]

"""The demo's stand-ins of all six vendors at once, without Airflow: everything is sent, and sent once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from include.demo.accounts import ACCOUNTS
from include.demo.choice import DemoError
from include.demo.standins import StandIns, addresses_in_lake, parse_names, stand_ins
from include.demo.tools_report import print_tools
from include.destinations.base import Mode
from include.publisher.audiences import Audience, load_audiences
from include.publisher.publish import PublishResult, pairs, publish
from include.publisher.report import held_by_tools
from include.settings import PROJECT_ROOT, Settings

PEOPLE = range(24)
TIMES = ("due_from", "due_until", "stage_entered_at", "entered_at")
NUMBERS = ("clv_expected_value", "clv_historic_value", "net_revenue", "orders_count", "priority")


def key(number: int) -> str:
    return f"c{number:04d}"


def address(number: int) -> str:
    return f"{key(number)}@people.example"


def members_of(audience: str) -> range:
    """Whom an audience has: everybody for profiles, six each for the others."""
    first = sorted(audiences()).index(audience) % 3
    return PEOPLE if audience == "profiles" else range(first, first + 6)


@cache
def audiences() -> dict[str, Audience]:
    """The project's audiences, without those that differ from `new_customers` in name only."""
    found = load_audiences(Settings(_env_file=None))
    return {name: one for name, one in found.items() if name not in ("loyal", "at_risk", "lapsed", "dormant")}


def value(name: str, number: int, changed: bool) -> Any:
    if name == "trigger_key":
        return f"t-{number}{'-again' if changed else ''}"
    if name in TIMES:
        return datetime(2026, 1, 1, 9)  # noqa: DTZ001 - the columns have no zone
    return number + (1000 if changed else 0) if name in NUMBERS else f"{name} {'other' if changed else 'one'}"


def promote(settings: Settings, left_out: tuple[int, ...] = (), changed: tuple[int, ...] = ()) -> None:
    """Write both live files with every audience of the project."""
    settings.live_warehouse.parent.mkdir(parents=True, exist_ok=True)
    for path in (settings.live_warehouse, settings.live_contacts):
        path.unlink(missing_ok=True)
    build = "create schema meta; create table meta.build as select 'b1' as build_id, timestamp '2026-01-02' as as_of;"
    with duckdb.connect(str(settings.live_warehouse)) as con:
        con.execute(build + "create schema publish")
        con.execute("create table publish.pub_suppressions (customer_key text, channel text, reason text, kind text)")
        for audience in audiences().values():
            kinds = dict.fromkeys(TIMES, "timestamp") | dict.fromkeys(NUMBERS, "decimal(12, 2)")
            columns = ", ".join(f"{name} {kinds.get(name, 'text')}" for name in audience.attributes)
            con.execute(f"create table publish.pub_{audience.id} (customer_key text, {columns})")
            for number in members_of(audience.id):
                if number not in left_out:
                    row = [key(number), *(value(name, number, number in changed) for name in audience.attributes)]
                    marks = ", ".join("?" * len(row))
                    con.execute(f"insert into publish.pub_{audience.id} values ({marks})", row)
    aside = settings.live_contacts.with_name("aside.duckdb")  # a file of that name would hide the schema
    with duckdb.connect(str(aside)) as con:
        con.execute(build + "create schema contacts")
        con.execute(
            "create table contacts.contacts "
            "(customer_key text, email text, phone text, first_name text, last_name text)"
        )
        rows = [(key(one), address(one), f"+4930123{one:04d}", "Ann", "Example") for one in PEOPLE]
        con.executemany("insert into contacts.contacts values (?, ?, ?, ?, ?)", rows)
    aside.replace(settings.live_contacts)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("PERENNIAL_LEDGER_KEY", raising=False)
    found = Settings(_env_file=None, data_dir=tmp_path / "data", audiences_file=tmp_path / "audiences.yml")
    rows = [one.model_dump(mode="json", exclude_defaults=True) for one in audiences().values()]
    found.audiences_file.write_text(yaml.safe_dump({"audiences": rows}))
    promote(found)
    return found


@pytest.fixture
def tools(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIns]:
    with stand_ins(tuple(ACCOUNTS), settings, lambda _: [address(one) for one in PEOPLE]) as running:
        for name, fields in running.connections.items():
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))
        yield running


def publish_all(tools: StandIns, run: str) -> dict[tuple[str, str], PublishResult]:
    ours = [pair for pair in pairs(tools.settings) if pair["destination_id"] in tools.accounts]
    results = [publish(**pair, run_id=run, settings=tools.settings) for pair in ours]
    return {(one.audience, one.destination): one for one in results}


def at_tools(tools: StandIns) -> dict[tuple[str, str], int]:
    return {(name, vendor): one.held(name) for vendor, one in tools.accounts.items() for name in one.audiences}


@pytest.mark.slow
def test_all_six_hold_what_was_confirmed_and_only_changes_are_sent_again(
    tools: StandIns, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    results = publish_all(tools, "monday")
    expected = {pair: len(members_of(pair[0])) for pair in at_tools(tools)}
    assert set(results) == set(expected)
    assert {vendor for _, vendor in expected} == {f"demo_{name}" for name in ACCOUNTS}
    assert {pair: one.adds for pair, one in results.items()} == expected
    assert at_tools(tools) == expected
    known = {(one.audience, one.destination): one for one in held_by_tools(tools.settings)}
    assert {pair: (known[pair].confirmed, known[pair].rejected) for pair in expected} == {
        pair: (count, 0) for pair, count in expected.items()
    }
    assert not any(one.is_drift for one in known.values())

    first = tools.traffic()
    assert all(one.changes > 0 for one in first.values())
    publish_all(tools, "tuesday")
    assert {vendor: (now - first[vendor]).changes for vendor, now in tools.traffic().items()} == dict.fromkeys(first, 0)

    from rich.console import Console

    print_tools(tools, first, Console(width=140))
    assert "The second run made 0 requests that ask for a change" in capsys.readouterr().out

    # Somebody leaves every audience, somebody else's attributes are others.
    gone, other = 4, 5
    promote(settings, left_out=(gone,), changed=(other,))
    before = tools.traffic()
    for (audience, vendor), one in publish_all(tools, "wednesday").items():
        assert (one.adds, one.removes, one.updates) == (0, 1, 1), (audience, vendor)
        # What happened stays, and a new occasion is told.
        change = 1 if audiences()[audience].mode is Mode.EVENTS else -1
        assert tools.accounts[vendor].held(audience) == len(members_of(audience)) + change, (audience, vendor)
    asked = {vendor: (now - before[vendor]).changes for vendor, now in tools.traffic().items()}
    # One request for whoever left and one for whoever changed in each audience; Klaviyo and HubSpot need a second one
    # for a list or a clearing, and Klaviyo's jobs are no more than that.
    assert all(0 < asked[vendor] <= 4 * len(account.audiences) for vendor, account in tools.accounts.items()), asked
    for account in tools.accounts.values():
        assert account.tool.forbidden == [], account.tool
        assert account.tool.violations == [], account.tool


def test_real_accounts_are_left_out_and_the_file_says_why_it_sends(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.yml"
    rows = yaml.safe_load((PROJECT_ROOT / "include/destinations/destinations.yml").read_text())["destinations"]
    rows.append({"id": "our_meta", "type": "meta", "connection": "meta", "audiences": {"lapsed": "1"}})
    own.write_text(yaml.safe_dump({"destinations": rows}))
    with stand_ins(("mailchimp",), settings.model_copy(update={"destinations_file": own})) as tools:
        text = tools.settings.destinations_file.read_text()
        written = yaml.safe_load(text)["destinations"]
    assert [row["id"] for row in written] == ["files", "webhook", "demo_mailchimp"]
    assert written[-1]["dry_run"] is False
    assert "stand-ins on this machine" in text


def test_a_second_start_has_new_accounts_that_get_everybody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in ("monday", "tuesday"):
        with stand_ins(("hubspot",), settings) as tools:
            for name, fields in tools.connections.items():
                monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))
            publish("new_customers", "demo_hubspot", run, tools.settings)
            assert tools.accounts["demo_hubspot"].held("new_customers") == 6


def test_without_a_choice_nothing_is_different(settings: Settings) -> None:
    with stand_ins(parse_names(""), settings) as tools:
        assert (tools.settings, tools.accounts, tools.connections) == (settings, {}, {})


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(DemoError, match=r"no stand-in for mailchump; expected any of klaviyo, mailchimp, hubspot"):
        parse_names("klaviyo,mailchump")


def test_the_tools_know_whoever_gave_the_shop_an_address(settings: Settings) -> None:
    for stream, email in (
        ("customers", "Ann@People.example"),
        ("orders", "ann@people.example"),
        ("orders", "b@p.example"),
    ):
        folder = settings.data_dir / "lake" / "shop" / stream / "load_date=2026-01-01"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{email}.parquet"
        duckdb.sql(f"copy (select '{email}' as email, '1' as x) to '{folder / name}' (format parquet)")
    assert addresses_in_lake(settings) == ["ann@people.example", "b@p.example"]

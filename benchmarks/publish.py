"""Time publishing a day's change of a large audience to Klaviyo's stand-in.

python benchmarks/publish.py --members 1000000 --change 0.01

The stand-in answers on loopback, and the destination keeps Klaviyo's own rate limits against it. What is above the time
these limits alone would take for the requests that were made is ours and the stand-in's; the stand-in measures how long
it worked on its answers. It runs in a process of its own, so the peak memory is the publisher's. Ledger and stand-in
start with the whole list, unless --first-list sends it; --latency makes each answer as late as a real network does.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import re
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
import yaml
from sqlalchemy import insert

from include.demo.tools.base import Answer, Request
from include.demo.tools.klaviyo import KlaviyoTool
from include.destinations.api import Window
from include.destinations.credentials import find_credentials
from include.destinations.klaviyo_api import FAST, SLOW
from include.publisher import snapshot
from include.publisher.audiences import load_audiences
from include.publisher.database import Pair, open_database
from include.publisher.keys import ledger_key
from include.publisher.plan import Held, make_plan
from include.publisher.publish import publish
from include.publisher.source import check_tables, open_source
from include.publisher.tables import members
from include.settings import Settings

AUDIENCE, LIST = "loyal", "LIST01"


class Timed(KlaviyoTool):
    """The stand-in, which adds up the seconds it works on answers; each comes `latency` seconds late."""

    latency = 0.0
    worked = 0.0

    def handle(self, request: Request) -> Answer:
        """Wait as a network would, then answer."""
        time.sleep(self.latency)
        started = time.thread_time()
        answer = super().handle(request)
        self.worked += time.thread_time() - started
        return answer


def serve(ours: Connection, latency: float) -> None:
    """Run the stand-in with so many members until told to stop, then say what it was asked, and how many it holds."""
    tool = Timed()
    tool.latency = latency
    tool.start()
    ours.send(tool.url)
    for number in range(ours.recv()):
        key = f"c{number:08d}"
        one = tool.add_profile(external_id=key, email=f"{key}@people.example", first_name="Ann")
        tool.lists[LIST].add(one.id)
        tool.put_there_by_us[LIST].add(one.id)
    ours.send("ready")
    ours.recv()
    asked = Counter((one.method, re.sub("/job[0-9]+", "/job", one.path)) for one in tool.requests)
    ours.send((asked, len(tool.members(LIST)), tool.forbidden, tool.worked))
    tool.stop()


def write_world(settings: Settings, members: int, changed: int) -> None:
    """Write both live files: the first `changed` members left since, as many joined, as many have a new stage."""
    live = settings.live_warehouse.parent
    live.mkdir(parents=True, exist_ok=True)
    for path in (settings.live_warehouse, settings.live_contacts):
        path.unlink(missing_ok=True)
    rows = f"select 'c' || lpad(i::varchar, 8, '0') as customer_key, i from range({changed}, {members + changed}) t(i)"
    with duckdb.connect(str(settings.live_warehouse)) as con:
        con.execute(
            "create schema meta; create schema publish;"
            "create table meta.build as select 'b' as build_id, timestamp '2026-01-01' as as_of;"
            "create table publish.pub_suppressions (customer_key text, channel text, reason text, kind text);"
            f"create table publish.pub_{AUDIENCE} as select customer_key,"
            f" case when i < {2 * changed} then 'champion' else 'loyal' end as stage, i % 1000 / 10.0 as spent"
            f" from ({rows})"
        )
    aside = live / "people.duckdb"
    with duckdb.connect(str(aside)) as con:
        con.execute(
            "create schema meta; create schema contacts;"
            "create table meta.build as select 'b' as build_id, timestamp '2026-01-01' as as_of;"
            "create table contacts.contacts as select customer_key, customer_key || '@people.example' as email,"
            f" null::varchar as phone, 'Ann' as first_name, 'Example' as last_name from ({rows})"
        )
    aside.replace(settings.live_contacts)


def planned(settings: Settings, seed: bool = False) -> float:
    """Time a plan alone: reading the ledger, hashing and comparing everybody.

    Args:
        settings: of the small world.
        seed: write the plan into the ledger as confirmed, as if it had been sent.

    Returns:
        Seconds of the plan.
    """
    audience, pair = load_audiences(settings)[AUDIENCE], Pair(AUDIENCE, "klaviyo")
    started = time.perf_counter()
    with closing(open_database(settings)) as database, open_source(settings) as source:
        check_tables(source, audience, settings)
        held = Held(snapshot.members_of(database, pair), snapshot.letters_of(database, pair))
        plan = make_plan(source, audience, held, ledger_key(settings))
        seconds = time.perf_counter() - started
        for part in plan.changes() if seed else ():
            rows = part.select(["customer_key", "content_hash", "version"]).to_pylist()
            named = [row | {"destination": pair.destination, "audience": pair.audience} for row in rows]
            with database.writing() as connection:
                connection.execute(insert(members), named)
    return seconds


def floor_seconds(asked: Counter[tuple[str, str]]) -> float:
    """Return what Klaviyo's limits alone take: the longest of any operation, each of which has windows of its own."""
    return max(_last_of(number, FAST if path.endswith("/profiles") else SLOW) for (_, path), number in asked.items())


def _last_of(number: int, windows: Sequence[Window]) -> float:
    """Return when the last of so many requests may go, as early as a short and a long window let all of them go."""
    short, long = windows
    rounds, left = divmod(number - 1, long.requests)
    return rounds * long.seconds + left // short.requests * short.seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--change", type=float, default=0.01, help="share that leaves, joins and changes, each")
    parser.add_argument("--first-list", action="store_true", help="send the whole list to an empty stand-in instead")
    parser.add_argument("--latency", type=float, default=0, help="seconds by which each answer comes later")
    chosen = parser.parse_args()
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, chosen.latency), daemon=True)
    server.start()
    os.environ["AIRFLOW_CONN_KLAVIYO"] = json.dumps({"conn_type": "http", "host": ours.recv(), "password": "pk_bench"})
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            _env_file=None,
            data_dir=Path(folder) / "data",
            audiences_file=Path(folder) / "audiences.yml",
            destinations_file=Path(folder) / "destinations.yml",
        )
        audience = {"id": AUDIENCE, "description": "Regulars.", "channel": "email", "destinations": ["klaviyo"]}
        audience |= {"contact_fields": ["email", "first_name"], "attributes": ["stage", "spent"]}
        row = {"id": "klaviyo", "type": "klaviyo", "connection": "klaviyo", "dry_run": False, "lists": {AUDIENCE: LIST}}
        settings.audiences_file.write_text(yaml.safe_dump({"audiences": [audience]}))
        settings.destinations_file.write_text(yaml.safe_dump({"destinations": [row | {"poll_seconds": 0.2}]}))
        write_world(settings, chosen.members, 0)
        seconds = planned(settings, seed=not chosen.first_list)
        print(f"first list: plan of {chosen.members:,} members {seconds:.1f} s", flush=True)
        ours.send(0 if chosen.first_list else chosen.members)
        ours.recv()
        if not chosen.first_list:
            write_world(settings, chosen.members, round(chosen.members * chosen.change))
            print(f"change: plan alone {planned(settings):.1f} s", flush=True)
        # A worker of Airflow has imported Airflow by then.
        find_credentials("klaviyo")
        started, cpu = time.perf_counter(), time.process_time()
        result = publish(AUDIENCE, "klaviyo", "monday", settings)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    ours.send("stop")
    asked, held, forbidden, worked = ours.recv()
    server.join(10)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    limits = floor_seconds(asked)
    print(
        f"sent: {result.adds:,} added, {result.updates:,} updated, {result.removes:,} removed, "
        f"{result.unchanged:,} unchanged in {seconds:.1f} s; {asked.total()} requests; peak {peak:,.0f} MiB; "
        f"{held:,} members there, {len(forbidden)} forbidden\n"
        f"limits alone {limits:.1f} s: {(seconds - limits) / limits:.1%} above them; the stand-in worked "
        f"{worked:.1f} s: {(seconds - limits - worked) / limits:.1%} above both; {cpu:.1f} s of our processor time"
    )


if __name__ == "__main__":
    main()

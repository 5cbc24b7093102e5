"""Time publishing a day's change of a large audience to Klaviyo's stand-in.

python benchmarks/publish.py --members 1000000 --change 0.01

The stand-in answers on loopback, and the destination keeps Klaviyo's own rate limits against it. `floor` is what these
limits alone would take for the requests that were made; what is above it is ours and the stand-in's. The stand-in runs
in a process of its own, so the peak memory is the publisher's. Ledger and stand-in start with the whole list, unless
--first-list sends it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections import Counter
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
import yaml
from sqlalchemy import insert

from include.demo.tools.klaviyo import KlaviyoTool
from include.publisher import ledger
from include.publisher.audiences import load_audiences
from include.publisher.database import Pair, open_database
from include.publisher.keys import ledger_key
from include.publisher.plan import Held, make_plan
from include.publisher.publish import publish
from include.publisher.source import check_tables, open_source
from include.publisher.tables import members
from include.settings import Settings

AUDIENCE, LIST = "loyal", "LIST01"


def serve(ours: Connection) -> None:
    """Run the stand-in with so many members until told to stop, then say what it was asked, and how many it holds."""
    tool = KlaviyoTool()
    tool.start()
    ours.send(tool.url)
    for number in range(ours.recv()):
        key = f"c{number:08d}"
        one = tool.add_profile(external_id=key, email=f"{key}@people.example", first_name="Ann")
        tool.lists[LIST].add(one.id)
        tool.put_there_by_us[LIST].add(one.id)
    ours.send("ready")
    ours.recv()
    ours.send((Counter(one.method for one in tool.requests), len(tool.members(LIST)), tool.forbidden))
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
        held = Held(ledger.snapshot(database, pair), ledger.open_letters(database, pair))
        plan = make_plan(source, audience, held, ledger_key(settings))
        seconds = time.perf_counter() - started
        for part in plan.changes() if seed else ():
            rows = part.select(["customer_key", "content_hash", "version"]).to_pylist()
            named = [row | {"destination": pair.destination, "audience": pair.audience} for row in rows]
            with database.writing() as connection:
                connection.execute(insert(members), named)
    return seconds


def floor_seconds(requests: Counter[str]) -> float:
    """Return what Klaviyo's limits alone take: 10 a second and 150 a minute for writes, 75 and 750 for reads."""
    reads, writes = requests["GET"], requests.total() - requests["GET"]
    slow, fast = (writes, 10, 150), (reads, 75, 750)
    return max(max(number / second - 1, (number - minute) / minute * 60, 0) for number, second, minute in (slow, fast))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--change", type=float, default=0.01, help="share that leaves, joins and changes, each")
    parser.add_argument("--first-list", action="store_true", help="send the whole list to an empty stand-in instead")
    chosen = parser.parse_args()
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
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
        started = time.perf_counter()
        result = publish(AUDIENCE, "klaviyo", "monday", settings)
        seconds = time.perf_counter() - started
    ours.send("stop")
    requests, held, forbidden = ours.recv()
    server.join(10)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"sent: {result.adds:,} added, {result.updates:,} updated, {result.removes:,} removed, "
        f"{result.unchanged:,} unchanged in {seconds:.1f} s; {requests.total()} requests ({dict(requests)}), "
        f"limits alone {floor_seconds(requests):.1f} s; peak {peak:,.0f} MiB; {held:,} members there, "
        f"{len(forbidden)} forbidden"
    )


if __name__ == "__main__":
    main()

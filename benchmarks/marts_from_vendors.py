"""Build the marts of one simulated shop twice, read from vendors' stand-ins and from files, and compare every table.

python benchmarks/marts_from_vendors.py --customers 1000

Both go through gate 1, the dbt build, gate 2 and promotion. Prints each step's seconds and the rows of each live table
that stand in one warehouse only; the exit status is 1 when there is any.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from include.demo.simulator import simulate
from include.demo.sources import FED, vendor_sources
from include.settings import PROJECT_ROOT, Settings
from include.sources import configured
from include.sources.entities import FAMILIES
from include.sources.mapping import read_mapping
from include.sources.pull.base import Span
from tests.support.pipeline import run

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
# What a build says of itself, and the numbers its gate compared.
OF_THE_BUILD = ("meta", "audit", "publishing")


def settings_of(folder: Path, shop: Path) -> Settings:
    (folder / "sources").mkdir(parents=True)
    (folder / "sources" / "simulated").symlink_to(shop)
    mapping = PROJECT_ROOT / "include" / "sources" / "mappings" / "simulated.yml"
    return Settings(_env_file=None, data_dir=folder, sources=(mapping,), time_zone="Europe/Berlin")


def timed(what: str, settings: Settings) -> None:
    started = time.perf_counter()
    configured.get_settings = lambda: settings
    for path in settings.sources:
        for family in FAMILIES:
            if configured.streams_of(read_mapping(path), family):
                configured.pull(str(path), family, Span(AS_OF))
    pulled = time.perf_counter()
    run(settings, AS_OF)
    print(f"{what}: pulled in {pulled - started:.1f} s, load to live {time.perf_counter() - pulled:.1f} s", flush=True)


def differing(here: Settings, there: Settings) -> dict[str, int]:
    """Count the rows of each live table that the other one lacks, doubles compared to nine digits."""
    con = duckdb.connect()
    con.execute(f"attach '{here.live_warehouse}' as a (read_only); attach '{there.live_warehouse}' as b (read_only)")
    con.execute(f"attach '{here.live_contacts}' as c (read_only); attach '{there.live_contacts}' as d (read_only)")
    found = {}
    for one, other in (("a", "b"), ("c", "d")):
        tables = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = ? order by all", [one]
        ).fetchall()
        for schema, table in tables:
            if schema in OF_THE_BUILD:
                continue
            kinds = con.execute(f"describe {one}.{schema}.{table}").fetchall()
            columns = ", ".join(
                f'round("{name}", 9) as "{name}"' if kind == "DOUBLE" else f'"{name}"' for name, kind, *_ in kinds
            )
            sides = [f"select {columns} from {side}.{schema}.{table}" for side in (one, other)]
            both = [f"(({sides[0]}) except all ({sides[1]}))", f"(({sides[1]}) except all ({sides[0]}))"]
            counts = [con.execute(f"select count(*) from {query}").fetchall()[0][0] for query in both]
            rows = con.execute(f"select count(*) from {one}.{schema}.{table}").fetchall()[0][0]
            print(f"{schema}.{table}: {rows:,} rows, {counts[0]} here only, {counts[1]} there only")
            found[f"{schema}.{table}"] = sum(counts)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        shop = Path(name) / "shop" / "sources" / "simulated"
        simulate(shop, chosen.customers, chosen.seed, 2, progress=lambda line: None)
        files, vendors = settings_of(Path(name) / "files", shop), settings_of(Path(name) / "vendors", shop)
        timed("files", files)
        with vendor_sources(tuple(FED), vendors, lambda line: None) as sources:
            for connection, fields in sources.connections.items():
                os.environ[f"AIRFLOW_CONN_{connection.upper()}"] = json.dumps(fields)
            vendors = sources.settings
            timed("vendors", vendors)
        found = differing(files, vendors)
    wrong = {table: count for table, count in found.items() if count}
    print(f"{len(found)} tables compared; " + (f"different: {wrong}" if wrong else "all rows are the same"))
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main())

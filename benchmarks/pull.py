"""Time pulling nested orders from Shopify's stand-in, without its rate limit, and making contract rows of them.

python benchmarks/pull.py --customers 2400

The stand-in runs in a process of its own, so processor time and peak memory are the loader's. `--bulk` reads them by a
bulk operation instead of pages; `--klaviyo` reads the e-mail events of as many customers from Klaviyo's stand-in.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import yaml

from include.demo.simulator import simulate
from include.demo.sources import FED, PREFIX, source_of
from include.settings import Settings
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.sources.pull.base import Span
from include.sources.pull.run import opened, pull_family
from include.sources.source_file import read_source_file

END = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "0123456789abcdef"
# vendor -> resource that is timed, entities made of it
TIMED = {
    "shopify": ("orders", ("orders", "order_lines", "refunds")),
    "klaviyo": ("events", ("email_events",)),
}


def serve(vendor: str, folder: Path, ours: Connection) -> None:
    """Run the stand-in until told to stop, then say its processor time."""
    tool = FED[vendor].open(folder, SECRET)
    tool.start()
    ours.send((tool.url, dict(FED[vendor].connection(tool, SECRET))))
    before = time.process_time()
    ours.recv()
    ours.send(time.process_time() - before)
    tool.stop()


def timed(call: Callable[[], object]) -> tuple[float, float, object]:
    started, used = time.perf_counter(), time.process_time()
    result = call()
    return time.perf_counter() - started, time.process_time() - used, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=2400)
    parser.add_argument("--bulk", action="store_true")
    parser.add_argument("--klaviyo", action="store_true")
    chosen = parser.parse_args()
    vendor = "klaviyo" if chosen.klaviyo else "shopify"
    resource_name, entities = TIMED[vendor]
    with tempfile.TemporaryDirectory() as name:
        folder, shop = Path(name), Path(name) / "shop"
        simulate(shop, chosen.customers, 7, 2, progress=lambda line: None)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        server = context.Process(target=serve, args=(vendor, shop, theirs), daemon=True)
        server.start()
        url, connection = ours.recv()
        account = {"conn_type": "generic", "host": url} | connection
        os.environ[f"AIRFLOW_CONN_{(PREFIX + vendor).upper()}"] = json.dumps(account)
        source = source_of(vendor)
        if vendor == "shopify":
            source["options"] = source["options"] | {"bulk_above": 0 if chosen.bulk else 25_000, "poll_seconds": 0.2}
        path = folder / "source.yml"
        path.write_text(yaml.safe_dump(source))
        settings = Settings(_env_file=None, data_dir=folder / "data")
        found, mapping = read_source_file(path), read_mapping(path)
        assert found
        # Imports and the first connection are no part of the rate.
        with opened(path, found):
            pass
        wall, cpu, pulled = timed(lambda: pull_family(settings, path, found, entities, Span(END)))
        records = sum(one["records"] for one in pulled if one["resource"].startswith(resource_name))
        mapped = [timed(lambda one=one: extract(settings, mapping, one))[:2] for one in entities]
        ours.send("stop")
        theirs_cpu = ours.recv()
        server.join(10)
    whole, whole_cpu = wall + sum(one for one, _ in mapped), cpu + sum(one for _, one in mapped)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{vendor}: {records:,} {resource_name}: pulled in {wall:.1f} s ({records / wall:,.0f}/s; processor {cpu:.1f} s"
        f" and the stand-in's {theirs_cpu:.1f} s); with the rows of {', '.join(entities)} {whole:.1f} s"
        f" ({records / whole:,.0f}/s; processor {whole_cpu:.1f} s); peak {peak:,.0f} MiB"
    )


if __name__ == "__main__":
    main()

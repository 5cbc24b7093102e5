"""Simulate a whole data set: all chunks, the streams that are one file, the truth and the marker."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from include.demo.simulator import campaigns
from include.demo.simulator.advertising import ADS, ad_performance, plan_ads
from include.demo.simulator.catalogue import build_catalogue
from include.demo.simulator.chunk import Outcome, Task, run_chunk, write_parquet
from include.demo.simulator.clock import DAYS
from include.demo.simulator.parameters import CHUNK_SIZE, PARAMETERS, VERSION

MARKER = "_COMPLETE.json"


class SimulationError(RuntimeError):
    """The data set cannot be written; the message says why and what to do."""


def simulate(
    out_dir: Path,
    customers: int = 10_000,
    seed: int = 7,
    workers: int = 2,
    *,
    chunk_size: int = CHUNK_SIZE,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, int]:
    """Write the data of a simulated shop from 2023-01-01 up to, not including, 2026-01-01 (UTC).

    The rows depend on customers, seed and chunk_size only. A finished data set of the same parameters is left as it is;
    another one is replaced in one step.

    Args:
        out_dir: Folder of the data set; one folder per stream comes to lie in it.
        customers: Persons to simulate; a few have no account, a few have two.
        seed: Seed of all randomness.
        workers: Processes to use.
        chunk_size: Persons simulated together.
        progress: Called with a line of text now and then.

    Returns:
        Rows per stream.

    Raises:
        SimulationError: customers is below 1 or seed below 0, or out_dir holds something that is no simulated data set.
    """
    if customers < 1 or chunk_size < 1 or workers < 1:
        raise SimulationError(
            f"Expected customers, chunk_size and workers of at least 1, got {customers}, {chunk_size} and {workers}."
        )
    if seed < 0:
        raise SimulationError(f"Expected a seed of 0 or more, got {seed}.")
    out_dir = Path(out_dir).absolute()
    identity = {"customers": customers, "seed": seed, "chunk_size": chunk_size, "version": VERSION}
    existing = _read_marker(out_dir)
    if existing and {key: existing.get(key) for key in identity} == identity:
        progress(f"{out_dir} already holds this data set ({customers:,} customers, seed {seed}); nothing to do")
        return existing["rows"]
    if existing is None and out_dir.exists() and any(out_dir.iterdir()):
        raise SimulationError(
            f"{out_dir} is not empty and holds no {MARKER}, so it is not a simulated data set. "
            "Choose another folder or empty this one."
        )

    aside = out_dir.with_name(f".{out_dir.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    rows = _write(aside, customers, seed, workers, chunk_size, progress)
    (aside / MARKER).write_text(json.dumps({**identity, "rows": rows}, indent=2) + "\n")
    _replace(aside, out_dir)
    progress(f"{out_dir}: {sum(rows.values()):,} rows in {len(rows)} streams")
    return rows


def _read_marker(folder: Path) -> dict | None:
    marker = folder / MARKER
    return json.loads(marker.read_text()) if marker.exists() else None


def _replace(aside: Path, out_dir: Path) -> None:
    old = out_dir.with_name(f".{out_dir.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if out_dir.exists():
        out_dir.rename(old)
    aside.rename(out_dir)
    shutil.rmtree(old, ignore_errors=True)


def _write(
    folder: Path, customers: int, seed: int, workers: int, chunk_size: int, progress: Callable[[str], None]
) -> dict[str, int]:
    starts = range(0, customers, chunk_size)
    tasks = [
        Task(chunk, first, min(chunk_size, customers - first), customers, seed, folder)
        for chunk, first in enumerate(starts)
    ]
    rows: dict[str, int] = {}
    totals: dict[str, dict[str, int]] = {}
    visits, orders = np.zeros((DAYS, ADS), np.int64), np.zeros((DAYS, ADS), np.int64)
    with _results(tasks, workers) as results:
        for done, outcome in enumerate(results, start=1):
            for stream, count in outcome.rows.items():
                rows[stream] = rows.get(stream, 0) + count
            for currency, measures in outcome.totals.items():
                known = totals.setdefault(currency, dict.fromkeys(measures, 0))
                for measure, amount in measures.items():
                    known[measure] += amount
            visits += outcome.paid_visits
            orders += outcome.paid_orders
            progress(f"chunk {done} of {len(tasks)}: {rows['orders']:,} orders so far")

    plan = plan_ads(customers, PARAMETERS)
    small = {
        "products": build_catalogue(np.random.SeedSequence((seed, 0))).table(),
        "email_campaigns": campaigns.campaign_table(),
        "ad_performance": ad_performance(np.random.SeedSequence((seed, 2)), plan, visits, orders, PARAMETERS),
    }
    for stream, table in small.items():
        (folder / stream).mkdir()
        pa_csv.write_csv(table, folder / stream / "part-0000.csv")
        rows[stream] = table.num_rows
    _write_truth(folder / "_truth", rows, totals)
    return dict(sorted(rows.items()))


@contextmanager
def _results(tasks: list[Task], workers: int) -> Iterator[Iterator[Outcome]]:
    if workers == 1 or len(tasks) == 1:
        yield (run_chunk(task) for task in tasks)
        return
    # Spawned, not forked: Arrow's and DuckDB's threads do not survive a fork.
    pool = ProcessPoolExecutor(min(workers, len(tasks)), mp_context=multiprocessing.get_context("spawn"))
    try:
        yield (future.result() for future in as_completed([pool.submit(run_chunk, task) for task in tasks]))
    finally:
        pool.shutdown(cancel_futures=True)


def _write_truth(folder: Path, rows: dict[str, int], totals: dict[str, dict[str, int]]) -> None:
    for parts in sorted((folder / ".parts").iterdir()):
        files = sorted(parts.iterdir())
        with pq.ParquetWriter(folder / f"{parts.name}.parquet", pq.read_schema(files[0])) as writer:
            for file in files:
                writer.write_table(pq.read_table(file))
    shutil.rmtree(folder / ".parts")
    write_parquet(campaigns.truth_table(), folder / "campaigns.parquet")
    money = {
        currency: {
            name: value if name == "orders" else f"{value // 100}.{value % 100:02d}" for name, value in sums.items()
        }
        for currency, sums in sorted(totals.items())
    }
    (folder / "totals.json").write_text(json.dumps({"rows": rows, "completed_orders": money}, indent=2) + "\n")

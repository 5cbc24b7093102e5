"""Time loading files into the lake: read, gate 1, land, for each format in a process of its own.

python benchmarks/load.py --rows 5000000

Order lines of nine columns; rows a second and the peak memory of the process that loads. `--sources 3` loads three
sources of this size at once and prints when each was through: none waits for another, they only share the machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from datetime import datetime
from pathlib import Path

import duckdb
import yaml

from include.lake.landing import land
from include.settings import Settings
from include.sources.extract import extract
from include.sources.mapping import read_mapping

STREAM = "order_lines"
LINES = (
    "select 'o' || (i // 3) as order_id, i % 3 + 1 as line_number, 'p' || (i % 997) as product_id,"
    " 'product' as line_type, 1 + i % 4 as quantity, (i % 9000) / 100.0 as unit_price,"
    " (1 + i % 4) * (i % 9000) / 100.0 as gross_amount, (i % 7) / 10.0 as discount_amount,"
    " (i % 11) / 10.0 as tax_amount"
    " from range({rows}) t(i)"
)
OPTIONS = {"csv": "format csv, header", "jsonl": "format json, array false", "parquet": "format parquet"}


def load(folder: Path, source: str, form: str, rows: int, answer: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    """Load one source and say how long each step took."""
    settings = Settings(_env_file=None, data_dir=folder / "data")
    mapping = read_mapping(folder / f"{source}.yml")
    started = time.perf_counter()
    extract(settings, mapping, STREAM)
    read = time.perf_counter()
    # As Airflow's scheduler does before it forks a task (include/local/preload.py).
    import great_expectations.expectations  # noqa: F401

    from include.quality.gate_1 import gate_1

    imported = time.perf_counter()
    gate_1(settings, mapping, [STREAM], datetime(2024, 6, 1))  # noqa: DTZ001 - as the load DAGs give it
    checked = time.perf_counter()
    [manifest] = land(settings, source, STREAM, "2024-06-01")
    ended = time.perf_counter()
    assert manifest["rows_landed"] == rows, manifest
    steps = {"read": read - started, "gate 1": checked - imported, "land": ended - checked, "import": imported - read}
    answer.put((source, form, steps, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def write(folder: Path, source: str, form: str, rows: int) -> None:
    target = folder / "data" / "sources" / source
    target.mkdir(parents=True)
    duckdb.connect().execute(f"copy ({LINES.format(rows=rows)}) to '{target / f'lines.{form}'}' ({OPTIONS[form]})")
    spec = {"files": f"*.{form}", "format": form, "columns": "same"}
    content = {"source": source, "time_zone": "UTC", "base": f"sources/{source}", "streams": {STREAM: spec}}
    (folder / f"{source}.yml").write_text(yaml.safe_dump(content))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--formats", default="csv,jsonl,parquet")
    parser.add_argument("--sources", type=int, default=1, help="sources of the first format, loaded at once")
    chosen = parser.parse_args()
    forms = chosen.formats.split(",")
    runs = [[(f"s{n}", forms[0]) for n in range(chosen.sources)]] if chosen.sources > 1 else [[(f, f)] for f in forms]
    context = multiprocessing.get_context("spawn")
    for run in runs:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for source, form in run:
                write(folder, source, form, chosen.rows)
            answers = context.Queue()
            loads = [context.Process(target=load, args=(folder, *one, chosen.rows, answers)) for one in run]
            for one in loads:
                one.start()
            for _ in run:
                source, form, steps, peak = answers.get(timeout=3000)
                seconds = sum(steps.values()) - steps["import"]
                said = ", ".join(f"{step} {taken:.1f} s" for step, taken in steps.items() if step != "import")
                print(
                    f"{source} ({form}): {chosen.rows:,} rows in {seconds:.1f} s ({said}) ="
                    f" {chosen.rows / seconds:,.0f} rows/s, peak {peak:,.0f} MiB",
                    flush=True,
                )
            for one in loads:
                one.join(60)


if __name__ == "__main__":
    main()

"""Measure how long `dbt build` of a lake takes, model by model, and how much memory it needs.

python benchmarks/build.py --lake data/lake --as-of 2026-01-01 [--currency EUR] [--time-zone Europe/Berlin]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "dbt_project"
SHOWN = 15


def mebibytes(who: int) -> float:
    peak = resource.getrusage(who).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def processor_seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lake", type=Path, required=True, help="folder of the lake")
    parser.add_argument("--as-of", required=True, help="exclusive end of what the run may know, UTC")
    parser.add_argument("--currency", default="EUR", help="reporting currency")
    parser.add_argument("--minor-units", type=int, default=2, help="its decimal places")
    parser.add_argument("--time-zone", default="UTC", help="the shop's IANA time zone")
    parser.add_argument("--unit-tests", action="store_true", help="run the unit tests too; no data passes through them")
    chosen = parser.parse_args()
    variables = {
        "as_of": chosen.as_of,
        "reporting_currency": chosen.currency,
        "reporting_minor_units": chosen.minor_units,
        "time_zone": chosen.time_zone,
    }
    with tempfile.TemporaryDirectory(prefix="build-") as temporary:
        out = Path(temporary)
        command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "build", "--profiles-dir", str(PROJECT)]
        command += ["--project-dir", str(PROJECT), "--target-path", str(out), "--log-path", str(out / "logs")]
        command += ["--vars", json.dumps(variables)]
        command += [] if chosen.unit_tests else ["--exclude-resource-type", "unit_test"]
        environment = os.environ | {
            "PERENNIAL_LAKE": str(chosen.lake.resolve()),
            "PERENNIAL_BUILD_WAREHOUSE": str(out / "warehouse.duckdb"),
        }
        begin = time.perf_counter()
        code = subprocess.run(command, env=environment, check=False).returncode
        seconds = time.perf_counter() - begin
        found = out / "run_results.json"
        if not found.exists():
            print(f"dbt build ended with {code} before it ran anything; its messages are above", file=sys.stderr)
            return code or 1
        report = json.loads(found.read_text(encoding="utf-8"))
        size = (out / "warehouse.duckdb").stat().st_size
    spent: Counter[str] = Counter()
    for result in report["results"]:
        spent[result["unique_id"].split(".")[0]] += result["execution_time"]
    models = [result for result in report["results"] if result["unique_id"].startswith("model.")]
    for result in sorted(models, key=lambda result: -result["execution_time"])[:SHOWN]:
        print(f"{result['unique_id'].split('.')[-1]:40} {result['execution_time']:8.2f} s")
    print(", ".join(f"{kind}s {total:.1f} s" for kind, total in spent.most_common()) + " (two run at a time)")
    statuses = Counter(result["status"] for result in report["results"])
    print(f"{len(models)} models in {seconds:.1f} s; " + ", ".join(f"{n} {status}" for status, n in statuses.items()))
    print(f"processor {processor_seconds(resource.RUSAGE_CHILDREN):,.1f} s, whatever else the machine does")
    print(f"peak memory {mebibytes(resource.RUSAGE_CHILDREN):,.0f} MiB; warehouse {size / 2**20:,.0f} MiB")
    return code


if __name__ == "__main__":
    sys.exit(main())

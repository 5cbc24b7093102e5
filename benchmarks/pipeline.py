"""Time the whole path on a simulated shop, step by step, without Airflow: load, gate 1, dbt, gate 2, promotion.

python benchmarks/pipeline.py --customers 1000000
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from include.demo.simulator import simulate
from include.quality.gate_2 import gate_2
from include.settings import PROJECT_ROOT, Settings
from include.warehouse.promote import promote
from tests.support import pipeline

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


def timed(what: str, step: Callable[[], object]) -> None:
    started = time.monotonic()
    step()
    used = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(f"{what:12} {time.monotonic() - started:8.1f} s   peak so far {max(used):,.0f} MiB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            _env_file=None,
            data_dir=Path(folder),
            sources=(PROJECT_ROOT / "include" / "sources" / "mappings" / "simulated.yml",),
            reporting_currency="EUR",
            time_zone="Europe/Berlin",
        )
        timed("simulate", lambda: simulate(settings.data_dir / "sources" / "simulated", customers=options.customers))
        timed("load", lambda: print(f"{sum(pipeline.load(settings, AS_OF).values()):,} rows"))
        timed("dbt build", lambda: pipeline.build(settings, AS_OF, seconds=3600))
        timed("gate 2", lambda: gate_2(settings, AS_OF, "benchmark"))
        timed("promote", lambda: promote(settings))


if __name__ == "__main__":
    main()

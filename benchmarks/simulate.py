"""Measure how long a simulation takes and how much memory it needs.

python benchmarks/simulate.py --customers 1000000 [--workers 2] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from include.demo.simulator import simulate


def mebibytes(who: int) -> float:
    peak = resource.getrusage(who).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="write the data set here instead of into a temporary folder")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="simulate-") as temporary:
        out = chosen.keep or Path(temporary) / "simulated"
        begin = time.perf_counter()
        rows = simulate(
            out, chosen.customers, chosen.seed, chosen.workers, progress=lambda line: print(line, flush=True)
        )
        seconds = time.perf_counter() - begin
        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    for stream, count in rows.items():
        print(f"{stream:20} {count:>12,}")
    own, child = mebibytes(resource.RUSAGE_SELF), mebibytes(resource.RUSAGE_CHILDREN)
    print(f"customers {chosen.customers:,}, workers {chosen.workers}: {seconds:.1f} s, {sum(rows.values()):,} rows")
    print(f"files {size / 2**20:,.0f} MiB; {sum(rows.values()) / seconds:,.0f} rows a second")
    # The children's figure is that of the largest one, so this is an upper bound of the sum.
    print(f"peak memory: parent {own:,.0f} MiB, largest worker {child:,.0f} MiB")
    print(f"at most {own + chosen.workers * child:,.0f} MiB together")


if __name__ == "__main__":
    main()

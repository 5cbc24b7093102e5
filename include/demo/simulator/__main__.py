"""Simulate a shop from the command line: python -m include.demo.simulator --customers N --seed S --out DIR."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from include.demo.simulator.run import SimulationError, simulate


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m include.demo.simulator", description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000, help="persons to simulate (default 10000)")
    parser.add_argument("--seed", type=int, default=7, help="seed of all randomness (default 7)")
    parser.add_argument("--workers", type=int, default=2, help="processes to use (default 2)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the data set")
    chosen = parser.parse_args(arguments)
    try:
        rows = simulate(
            chosen.out, chosen.customers, chosen.seed, chosen.workers, progress=lambda line: print(line, flush=True)
        )
    except SimulationError as error:
        print(error, file=sys.stderr)
        return 1
    for stream, count in rows.items():
        print(f"{stream:20} {count:>12,}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

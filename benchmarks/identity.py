"""Measure how long the identity graph takes, and how much memory.

python benchmarks/identity.py [--customers 1000000] [--links 5000000]

Every customer has two identifiers of their own; the other links go to identifiers drawn from all, so that chains of
every length and a few large components arise.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from include.identity.graph import customers
from include.identity.phones import e164


def mebibytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--links", type=int, default=5_000_000)
    parser.add_argument("--shared", type=float, default=0.1, help="share of the links that go to somebody's identifier")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    random = np.random.default_rng(chosen.seed)
    count = chosen.customers
    left = np.arange(chosen.links) % count
    own = left * 2 + np.arange(chosen.links) // count % 2
    right = count + np.where(random.random(chosen.links) < chosen.shared, random.integers(0, 2 * count, own.size), own)
    seen = random.integers(0, 10**15, chosen.links)
    before = mebibytes()
    begin, begin_cpu = time.perf_counter(), time.process_time()
    found = customers(3 * count, count, left, right, seen)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    people, sizes = np.unique(found.elder[:count], return_counts=True)
    print(f"{count:,} accounts and {chosen.links:,} links: {seconds:.1f} s ({cpu:.1f} s of a core)", end=", ")
    print(f"peak {mebibytes():,.0f} MiB, {before:,.0f} MiB of it the links and the libraries")
    print(f"{len(people):,} customers, the largest of {sizes.max():,} accounts; {len(found.absorbed):,} merges")
    begin_cpu = time.process_time()
    for number in range(100_000):
        e164(f"+49 1512 {number:07}", "DE")
    with_code = time.process_time() - begin_cpu
    begin_cpu = time.process_time()
    for number in range(10_000):
        e164(f"01512 {number:07}", "DE")
    at_home = time.process_time() - begin_cpu
    print(f"a million phones: {with_code * 10:.1f} s of a core with calling code,", end=" ")
    print(f"{at_home * 100:.1f} s as dialled at home")
    return 0


if __name__ == "__main__":
    sys.exit(main())

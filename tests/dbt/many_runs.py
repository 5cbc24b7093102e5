"""Run the same models as of many moments, each in a warehouse of its own, with one reading of the project.

Reads {"arguments": [...], "options": [...], "runs": [{"warehouse": ..., "vars": ...}]} as JSON from its input; ends
with 1 when a run fails.
"""

from __future__ import annotations

import json
import os
import sys

from dbt.cli.main import dbtRunner


def main() -> int:
    order = json.load(sys.stdin)
    options = order["options"]
    os.environ["PERENNIAL_BUILD_WAREHOUSE"] = order["runs"][0]["warehouse"]
    parsed = dbtRunner().invoke(["parse", *options, "--vars", order["runs"][0]["vars"]])
    if not parsed.success:
        return 1
    for run in order["runs"]:
        os.environ["PERENNIAL_BUILD_WAREHOUSE"] = run["warehouse"]
        # A run writes what it compiles into the manifest.
        done = dbtRunner(manifest=parsed.result.deepcopy()).invoke(
            [*order["arguments"], *options, "--vars", run["vars"]]
        )
        if not done.success:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

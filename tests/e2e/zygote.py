"""Starts the steps of the path in processes of their own that can be killed, without six seconds of imports each time.

Reads one JSON object a line: {"step": …, "data_dir": …, "kill_after": seconds or null}. Imports everything first, forks
for each, kills the child by its id with SIGKILL after that time, and answers {"killed": …, "code": …, "seconds": …}.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import datetime
from pathlib import Path

from great_expectations import expectations  # noqa: F401 - loaded before the fork

from include.lake.landing import land
from include.quality import gate_1 as gate
from include.settings import Settings
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.warehouse.promote import promote

AS_OF = datetime(2024, 6, 1)  # noqa: DTZ001 - UTC, without an offset


def run(step: str, settings: Settings) -> None:
    if step == "promote":
        promote(settings)
        return
    mapping = read_mapping(settings.data_dir / "shop.yml")
    streams = list(mapping.streams)
    if step in ("load", "check"):
        for stream in streams:
            extract(settings, mapping, stream)
        gate.gate_1(settings, mapping, streams, AS_OF)
    if step in ("load", "land"):
        for stream in streams:
            land(settings, mapping.source, stream, "2024-06-01")


def main() -> None:
    # The reports take a third of a gate's time and no part in what is left behind.
    gate.write_data_docs = lambda report: None
    for line in sys.stdin:
        order = json.loads(line)
        started = time.monotonic()
        child = os.fork()
        if child == 0:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            try:
                run(order["step"], Settings(_env_file=None, data_dir=Path(order["data_dir"])))
            except BaseException as error:
                sys.stderr.write(f"{order['step']}: {error!r}\n")
                os._exit(1)
            os._exit(0)
        ended = 0
        while not ended:
            ended, status = os.waitpid(child, os.WNOHANG)
            if not ended and order["kill_after"] is not None and time.monotonic() - started >= order["kill_after"]:
                os.kill(child, signal.SIGKILL)
                ended, status = os.waitpid(child, 0)
            time.sleep(0.001)
        killed = os.WIFSIGNALED(status)
        code = None if killed else os.WEXITSTATUS(status)
        sys.stdout.write(json.dumps({"killed": killed, "code": code, "seconds": time.monotonic() - started}) + "\n")
        sys.stdout.flush()


main()

"""Shows what the stand-ins hold beside what the ledger confirmed, and that publishing again changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from include.demo.choice import DemoError
from include.demo.standins import StandIns, Traffic
from include.local.airflow import settings_env
from include.publisher.report import held_by_tools
from include.settings import PROJECT_ROOT

SECONDS = 1800


def publish_again(tools: StandIns, airflow_home: Path) -> None:
    """Publish every pair once more, as the command line does.

    Raises:
        DemoError: it failed; its last words are in the error.
    """
    env = {**os.environ, **settings_env(tools.settings, tools.connections), "PYTHONPATH": str(PROJECT_ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "include.publisher", "publish"],
        env=env | {"AIRFLOW_HOME": str(airflow_home)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        raise DemoError(f"Publishing a second time ended with {done.returncode}: …{done.stderr[-1500:]}")


def print_tools(tools: StandIns, first: Mapping[str, Traffic], console: Console) -> None:
    """Print what is at each tool, and what the runs asked of it.

    Args:
        tools: still running.
        first: what each tool was asked until the first publication was through.
        console: where to.
    """
    ledger = {(one.destination, one.audience): one for one in held_by_tools(tools.settings)}
    table = _table("At the tools", ("tool", "audience", "mode"), ("at the tool", "confirmed", "rejected", "drift"))
    for vendor, account in tools.accounts.items():
        for audience in account.audiences.values():
            known = ledger.get((vendor, audience.id))
            drift = {None: "not measured", True: "yes", False: "no"}[known.is_drift if known else None]
            figures = (account.held(audience.id), known.confirmed if known else 0, known.rejected if known else 0)
            table.add_row(vendor, audience.id, str(audience.mode), *(f"{figure:,}" for figure in figures), drift)
    console.print(table)
    columns = ("requests", "that ask for a change", "second run", "that ask for a change")
    table = _table("What publishing asked of them", ("tool",), columns)
    now = tools.traffic()
    for vendor, before in first.items():
        second = now[vendor] - before
        figures = (before.requests, before.changes, second.requests, second.changes)
        table.add_row(vendor, *(f"{figure:,}" for figure in figures))
    console.print(table)
    asked = sum((now[vendor] - before).changes for vendor, before in first.items())
    tried = sum(one.rejected for (vendor, _), one in ledger.items() if vendor in tools.accounts)
    why = f" (the {tried:,} rejected were tried again)" if asked and tried else ""
    console.print(f"The second run made {asked:,} requests that ask for a change{why}; expected 0.\n", markup=False)


def _table(title: str, texts: tuple[str, ...], figures: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left")
    for name in texts:
        table.add_column(name)
    for name in figures:
        table.add_column(name, justify="right")
    return table

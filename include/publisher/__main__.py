"""The publisher's command line: `python -m include.publisher plan|publish|approve|runs`."""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from include.destinations.base import DestinationError
from include.destinations.config import ConfigError
from include.publisher.approvals import approve
from include.publisher.database import open_database
from include.publisher.errors import PublishBlocked, PublishBusy, PublishError
from include.publisher.history import recent_runs
from include.publisher.publish import PublishResult, pairs, plan_only, publish
from include.settings import Settings, SettingsError, get_settings

EXIT_FAILED, EXIT_BLOCKED, EXIT_BUSY = 1, 3, 4
FIGURES = ("adds", "updates", "removes", "consent_removes", "unchanged", "skipped", "rejected")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.publisher", description="Publish audiences to tools.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("plan", "show what would be sent; sends nothing"), ("publish", "send what has changed")):
        command = commands.add_parser(name, help=text)
        command.add_argument("audience", nargs="?", help="an id of audiences.yml; every one when left out")
        command.add_argument(
            "destination", nargs="?", help="an id of destinations.yml; every enabled one when left out"
        )
        command.add_argument("--run-id", help="id of this run; default: the time and a random part")
    command = commands.add_parser("approve", help="let the next run do what a blocked run planned")
    command.add_argument("run_id")
    command.add_argument("--by", default=None, help="who decided; default: the user of this machine")
    command = commands.add_parser("runs", help="list the latest runs")
    command.add_argument("--limit", type=int, default=20)
    return parser


def _chosen(arguments: argparse.Namespace, settings: Settings) -> list[dict[str, str]]:
    if arguments.audience and arguments.destination:
        return [{"audience_id": arguments.audience, "destination_id": arguments.destination}]
    chosen = [pair for pair in pairs(settings) if arguments.audience in (None, pair["audience_id"])]
    if not chosen:
        raise PublishError(f"No enabled destination for audience '{arguments.audience}' in {settings.audiences_file}.")
    return chosen


def _send(arguments: argparse.Namespace, settings: Settings, out: Console, problems: Console) -> int:
    run_id = arguments.run_id or f"manual-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    act = plan_only if arguments.command == "plan" else publish
    results, worst = [], 0
    for pair in _chosen(arguments, settings):
        # One pair's trouble is no reason to keep the others waiting.
        try:
            results.append(act(**pair, run_id=run_id, settings=settings))
        except (PublishError, DestinationError) as error:
            problems.print(str(error), style="red", markup=False, soft_wrap=True)
            codes = {PublishBlocked: EXIT_BLOCKED, PublishBusy: EXIT_BUSY}
            worst = max(worst, codes.get(type(error), EXIT_FAILED))
    if results:
        out.print(_results_table(results))
    for result in results:
        if result.note:
            out.print(f"{result.audience} -> {result.destination}: {result.note}", markup=False, soft_wrap=True)
    return worst


def _results_table(results: Sequence[PublishResult]) -> Table:
    table = Table("audience", "destination", "status", *(name.replace("_", " ") for name in FIGURES))
    for result in results:
        figures = (str(getattr(result, name)) for name in FIGURES)
        table.add_row(result.audience, result.destination, result.status, *figures)
    return table


def _approve(arguments: argparse.Namespace, settings: Settings, out: Console) -> int:
    with closing(open_database(settings)) as database:
        pair, removals = approve(database, arguments.run_id, arguments.by or getpass.getuser())
    out.print(
        f"Approved: the next run of {pair} may do what run {arguments.run_id} planned, with up to {removals} removals.",
        markup=False,
        soft_wrap=True,
    )
    return 0


def _runs(arguments: argparse.Namespace, settings: Settings, out: Console) -> int:
    table = Table("run", "status", "started (UTC)", "adds", "updates", "removes", "confirmed", "rejected")
    with closing(open_database(settings)) as database:
        rows = recent_runs(database, arguments.limit)
    for row in rows:
        figures = (str(getattr(row, name)) for name in ("adds", "updates", "removes", "confirmed", "rejected"))
        table.add_row(row.run_id, row.status, f"{row.started_at:%Y-%m-%d %H:%M}", *figures)
    out.print(table)
    for row in rows:
        if row.error:
            out.print(f"{row.run_id}: {row.error}", markup=False, soft_wrap=True)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns 0, 1 (failed), 3 (blocked, needs approval) or 4 (another process is at it)."""
    out, problems = Console(), Console(stderr=True)
    arguments = _parser().parse_args(argv)
    try:
        settings = get_settings()
        if arguments.command in ("plan", "publish"):
            return _send(arguments, settings, out, problems)
        return (_approve if arguments.command == "approve" else _runs)(arguments, settings, out)
    except (PublishError, DestinationError, ConfigError, SettingsError) as error:
        problems.print(str(error), style="red", markup=False, soft_wrap=True)
        return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())

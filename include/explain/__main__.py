"""Everything the live warehouse knows of one customer: `python -m include.explain CUSTOMER [--contacts] [--page]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing

import duckdb
from rich.console import Console
from rich.table import Column, Table

from include.destinations.config import ConfigError
from include.explain.customer import ExplainError, contacts_of, explain, find_customer, open_live
from include.explain.page import shown, write_page
from include.settings import SettingsError, get_settings

PIPE_WIDTH = 500


def main(argv: Sequence[str] | None = None) -> int:
    """Print the sections; returns 0, or 1 when there is no such customer or no live warehouse."""
    parser = argparse.ArgumentParser(prog="python -m include.explain", description=__doc__)
    parser.add_argument("customer", help="a customer_key, also one that was merged; with --contacts an e-mail address")
    parser.add_argument(
        "--contacts", action="store_true", help="open the file of contacts: find an address, show names"
    )
    parser.add_argument("--page", action="store_true", help="write a page instead, and print where it lies")
    arguments = parser.parse_args(argv)
    # Into a file or a pipe a table is as wide as it needs to be.
    out, problems = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH), Console(stderr=True)
    try:
        settings = get_settings()
        with closing(open_live(settings)) as connection:
            customer = find_customer(connection, arguments.customer, settings, arguments.contacts)
            contacts = contacts_of(customer, settings) if arguments.contacts else None
            sections = [*explain(connection, customer, settings)]
            if arguments.page:
                print(write_page(connection, customer, sections, settings, contacts))
                return 0
            out.print(f"Customer {customer}", style="bold")
            for section in [*([contacts] if contacts else []), *sections]:
                columns = [Column(name, overflow="fold") for name in section.columns]
                table = Table(*columns, title=section.title, title_justify="left")
                for row in section.rows:
                    table.add_row(*map(shown, row))
                out.print(table if section.rows else f"{section.title}: nothing", markup=False)
    except duckdb.IOException:
        problems.print("The publisher removed a file of its journal before it was read; run it again.", style="red")
        return 1
    except (ExplainError, ConfigError, SettingsError) as error:
        problems.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

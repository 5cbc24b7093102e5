"""`make check-sources`: try the credentials and scopes of each configured source, and say what is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console

from include.settings import SettingsError, get_settings
from include.sources.mapping import MappingError, read_mapping
from include.sources.pull.base import Finding, PullError
from include.sources.source_file import find_vendor, read_source_file

console = Console(highlight=False)


def check_source(path: Path) -> Iterator[Finding]:
    """Check one mapping or source file; what is wrong is a finding, never an error."""
    try:
        found = read_source_file(path)
        mapping = read_mapping(path)
    except MappingError as error:
        yield Finding(str(path), str(error))
        return
    if found is None or found.connection is None:
        base = mapping.base_dir(get_settings())
        yield Finding(f"{mapping.source}: files", None if base.is_dir() else f"no folder {base}; put the export there.")
        return
    if not found.is_pulled:
        from include.sources.pull.tables import find_tables

        yield from _prefixed(mapping.source, find_tables(found, mapping))
        return
    from include.sources.pull.run import opened

    try:
        with opened(path, found) as account:
            yield from _prefixed(found.source, find_vendor(found.vendor).check(account))
    except PullError as error:
        yield Finding(f"{found.source}: connection", str(error))


def _prefixed(source: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    for one in findings:
        yield Finding(f"{source}: {one.subject}", one.problem)


def main() -> int:
    """Check all sources; the exit status is 1 when anything is missing."""
    try:
        sources = get_settings().sources
    except SettingsError as error:
        console.print(str(error), style="red", markup=False)
        return 1
    if not sources:
        console.print("PERENNIAL_SOURCES is empty; docs/add-a-source.md says how to name sources.", style="red")
        return 1
    is_good = True
    for path in sources:
        for one in check_source(path):
            is_good &= one.problem is None
            mark, style = ("ok", "green") if one.problem is None else ("MISSING", "red")
            console.print(
                f"{mark:8}{one.subject}{': ' + one.problem if one.problem else ''}", style=style, markup=False
            )
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())

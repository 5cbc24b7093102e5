"""Builds the site beside the one there is and puts it in its place in one step."""

from __future__ import annotations

import fcntl
import logging
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from include.site.pages import PAGES
from include.site.read import Build, FileGone, SiteError, build_of
from include.site.render import write_site

if TYPE_CHECKING:
    from include.settings import Settings

log = logging.getLogger(__name__)
ATTEMPTS = 10
PAUSE_SECONDS = 1.0


def index_of(settings: Settings) -> Path:
    """The page to open first."""
    return _link(settings) / PAGES[0].file


def build_site(settings: Settings) -> Path:
    """Draw the live warehouse; whoever opens the site sees the one before or this one, whole.

    Returns:
        The page to open first.

    Raises:
        SiteError: nothing was promoted yet, or by another version of the project; the site is as it was.
    """
    link = _link(settings)
    link.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(link):
        for _ in range(ATTEMPTS):
            try:
                build = _build_beside(settings, link)
                if build == _live(settings):
                    return index_of(settings)
                reason = f"build {build.build_id} was replaced"
            except FileGone as gone:
                reason = str(gone)
                time.sleep(PAUSE_SECONDS)
            log.info("While the site was built, %s; building again.", reason)
    raise SiteError(
        f"What the site shows changed {ATTEMPTS} times while it was built, last: {reason}. Build it again later."
    )


def _build_beside(settings: Settings, link: Path) -> Build:
    aside = link.with_name(f".{link.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with closing(_open(settings)) as connection:
            build = build_of(connection)
            write_site(connection, build, settings, aside)
        target = link.with_name(f"{link.name}-{build.build_id}-{aside.suffixes[0][1:]}")
        aside.rename(target)
        _point(link, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _remove_others(link, target)
    return build


def _open(settings: Settings) -> duckdb.DuckDBPyConnection:
    if not settings.live_warehouse.is_file():
        raise SiteError(f"{settings.live_warehouse} does not exist; run the DAG build_marts (or `make demo`).")
    return duckdb.connect(str(settings.live_warehouse), read_only=True)


def _live(settings: Settings) -> Build:
    with closing(_open(settings)) as connection:
        return build_of(connection)


def _link(settings: Settings) -> Path:
    return settings.live_warehouse.parent / "site"


def _point(link: Path, target: Path) -> None:
    # A symlink cannot be overwritten, but renaming another one over it is a single step.
    new = link.with_name(f".{link.name}.link")
    new.unlink(missing_ok=True)
    new.symlink_to(target.name, target_is_directory=True)
    new.replace(link)


def _remove_others(link: Path, target: Path) -> None:
    for old in [*link.parent.glob(f"{link.name}-*"), *link.parent.glob(f".{link.name}.*.tmp")]:
        if old != target:
            shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _one_at_a_time(link: Path) -> Iterator[None]:
    """Let one process build: the end of a publication may meet the end of a build."""
    with link.with_name(f".{link.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

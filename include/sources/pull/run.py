"""Pull what a source file names, resource by resource: the window, the pages, the file that is also the cursor."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from include.lake.layout import Lake
from include.settings import Settings
from include.sources.pull.base import Account, CursorExpired, PullRefused, Reading, Resource, Span, Window
from include.sources.pull.raw import pulled
from include.sources.source_file import SourceFile, find_vendor, options_of

log = logging.getLogger(__name__)

TRIES_OF_A_WINDOW = 3
# Of ads, when nothing was read before and the source file has no `since`.
FIRST_DAYS = 730
STAMP = "%Y%m%dT%H%M%SZ"
UNTIL = re.compile(r"until_(\d{8}T\d{6}Z)\.parquet")


def pull_family(
    settings: Settings, path: Path, found: SourceFile, entities: Sequence[str], span: Span
) -> list[dict[str, Any]]:
    """Pull the resources that feed some entities.

    Args:
        settings: where the lake is.
        path: of the source file, for error texts.
        found: the source file; its shape is perennial.
        entities: those wanted.
        span: of the run.

    Returns:
        Per resource its name, the records read and whether they say anything new.

    Raises:
        PullRefused: credentials, scopes or options are wrong.
        PullError: the vendor gave no usable answer. What was pulled before it stands; nothing else was written.
    """
    vendor = find_vendor(found.vendor)
    options = options_of(found, path)
    wanted = set(entities if found.streams is None else (name for name in entities if name in found.streams))
    chosen = [resource for resource in vendor.resources(options) if wanted & set(resource.feeds)]
    with opened(path, found) as account:
        return [_pull(settings, account, resource, found, span) for resource in chosen]


@contextmanager
def opened(path: Path, found: SourceFile) -> Iterator[Account]:
    """Open the account of a source file.

    Raises:
        PullRefused: its connection is not defined, or lacks something.
    """
    from include.destinations.base import DestinationRefused
    from include.destinations.credentials import credentials

    vendor, options = find_vendor(found.vendor), options_of(found, path)
    assert found.connection is not None
    try:
        known = credentials(found.connection)
    except DestinationRefused as error:
        raise PullRefused(f"{found.source}: {error}") from None
    with closing(vendor.open(found.source, known, options)) as client:
        yield Account(found.source, options, known, found.time_zone, client, log.warning)


def _pull(settings: Settings, account: Account, resource: Resource, found: SourceFile, span: Span) -> dict[str, Any]:
    folder = Lake(settings).raw(found.source) / resource.name
    for attempt in range(1, TRIES_OF_A_WINDOW + 1):
        try:
            count, new = _READ[resource.reading](folder, account, resource, found, span)
            break
        except CursorExpired as error:
            if attempt == TRIES_OF_A_WINDOW:
                raise
            log.warning("%s.%s: %s; the window is read again from its start", found.source, resource.name, error)
    log.info("%s.%s: %s records read%s", found.source, resource.name, f"{count:,}", "" if new else ", nothing new")
    return {"resource": resource.name, "records": count, "new": bool(new)}


def _changes(folder: Path, account: Account, resource: Resource, found: SourceFile, span: Span) -> tuple[int, bool]:
    if span.start:
        name, start = f"from_{span.start:{STAMP}}_to_{span.end:{STAMP}}.parquet", span.start
    else:
        before = [end for end in _covered(folder) if end < span.end]
        since = datetime.combine(found.since, datetime.min.time(), ZoneInfo(found.time_zone)) if found.since else None
        start = max(before) - resource.overlap if before else since and since.astimezone(UTC)
        name = f"until_{span.end:{STAMP}}.parquet"
    return _land_one(folder, account, resource, Window(start, span.end), name)


def _all(folder: Path, account: Account, resource: Resource, found: SourceFile, span: Span) -> tuple[int, bool]:
    if span.start and (folder / "all.parquet").exists():
        return 0, False  # the list of that day is not to be had any more
    return _land_one(folder, account, resource, Window(None, span.end), "all.parquet")


def _land_one(folder: Path, account: Account, resource: Resource, window: Window, name: str) -> tuple[int, bool]:
    with pulled(folder, resource, resource.read(account, window), _now()) as records:
        return records.count, records.land(name)


def _days(folder: Path, account: Account, resource: Resource, found: SourceFile, span: Span) -> tuple[int, bool]:
    zone = ZoneInfo(found.time_zone)
    end = span.end.astimezone(zone).date()
    look_back = getattr(account.options, "look_back_days", None) or resource.look_back_days
    looked_back = end - timedelta(days=look_back)
    start = span.start.astimezone(zone).date() if span.start else _first_day(folder, found, looked_back, end)
    days = [start + timedelta(days=number) for number in range((end - start).days)]
    if not days:
        return 0, False
    window = Window(*(datetime.combine(day, datetime.min.time(), UTC) for day in (start, end)))
    with pulled(folder, resource, resource.read(account, window), _now()) as records:
        return records.count, records.land_days(days, start if span.start else looked_back) > 0


def _first_day(folder: Path, found: SourceFile, looked_back: date, end: date) -> date:
    known = [date.fromisoformat(path.stem.rpartition("_")[2]) for path in folder.glob("day*.parquet")]
    before = [day for day in known if day < end]
    if not before:
        return found.since or end - timedelta(days=FIRST_DAYS)
    # After a pause longer than the look-back the days of the pause are read as well.
    first = min(looked_back, max(before) + timedelta(days=1))
    return max(first, found.since) if found.since else first


_READ = {Reading.CHANGES: _changes, Reading.DAYS: _days, Reading.ALL: _all}


def _covered(folder: Path) -> Iterable[datetime]:
    for path in folder.glob("until_*.parquet"):
        if match := UNTIL.fullmatch(path.name):
            yield datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)

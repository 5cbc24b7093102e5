"""The configured sources, one family of streams at a time: what the load DAGs call."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import Any

from include.lake.landing import land
from include.lake.layout import Lake
from include.settings import Settings, SettingsError, get_settings
from include.sources.drift import once, say
from include.sources.entities import family_entities
from include.sources.extract import extract
from include.sources.mapping import Mapping, read_mapping
from include.sources.pull.base import Span
from include.sources.source_file import read_source_file

log = logging.getLogger(__name__)


def mappings_with(settings: Settings, family: str) -> list[Path]:
    """Return the mapping files that feed a family.

    Raises:
        SettingsError: no source is configured, or two sources have the same name.
        MappingError: a mapping file cannot be used.
    """
    if not settings.sources:
        raise SettingsError("PERENNIAL_SOURCES is empty; expected mapping files. docs/add-a-source.md says how.")
    mappings = {path: read_mapping(path) for path in settings.sources}
    names = [mapping.source for mapping in mappings.values()]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SettingsError(f"PERENNIAL_SOURCES: the source {', '.join(repeated)} is named by two mapping files.")
    Lake(settings).write_contracts()
    return [path for path, mapping in mappings.items() if streams_of(mapping, family)]


def streams_of(mapping: Mapping, family: str) -> list[str]:
    """Return the family's streams that a mapping feeds."""
    return [name for name in family_entities(family) if name in mapping.streams]


def pull(mapping_file: str, family: str, span: Span) -> list[dict[str, Any]]:
    """Pull a family of one source from its vendor; there is nothing to pull of files that lie there already.

    Raises:
        PullRefused: credentials, scopes or options are wrong.
        PullError: the vendor or the database gave no usable answer; the next attempt reads the same again.
    """
    path = Path(mapping_file)
    found = read_source_file(path)
    if found is None or found.connection is None:
        return []
    streams = streams_of(read_mapping(path), family)
    if found.is_pulled:
        from include.sources.pull.run import pull_family

        return pull_family(get_settings(), path, found, streams, span)
    from include.sources.pull.tables import pull_tables

    return pull_tables(get_settings(), found, read_mapping(path), streams)


def extract_family(mapping_file: str, family: str) -> dict[str, Any]:
    """Extract a family of one source; log and return what was found per stream."""
    settings, mapping = get_settings(), read_mapping(Path(mapping_file))
    found = {}
    for stream in streams_of(mapping, family):
        extraction = extract(settings, mapping, stream)
        rows = sum(report["rows_read"] for report in extraction.staged)
        for name, original in extraction.duplicates:
            log.warning("%s.%s: %s has the content of %s and is skipped", mapping.source, stream, name, original)
        changed = once(extraction.staged)
        if changed:
            log.warning("%s.%s: the columns are not those of before: %s", mapping.source, stream, say(changed))
        log.info("%s.%s: %s rows in %s new files", mapping.source, stream, f"{rows:,}", len(extraction.staged))
        found[stream] = {
            "files": len(extraction.staged),
            "rows": rows,
            "unchanged_files": len(extraction.unchanged),
            "duplicate_files": [list(pair) for pair in extraction.duplicates],
            "changed_columns": len(changed),
        }
    return found


def check_family(mapping_file: str, family: str, as_of: str) -> list[dict[str, Any]]:
    """Run gate 1 on a family of one source."""
    from include.quality.gate_1 import as_rows, gate_1

    settings, mapping = get_settings(), read_mapping(Path(mapping_file))
    verdicts = gate_1(settings, mapping, streams_of(mapping, family), datetime.fromisoformat(as_of))
    for verdict in verdicts:
        if verdict.rows_refused:
            log.warning(
                "%s.%s: %s of %s rows to quarantine: %s",
                mapping.source,
                verdict.stream,
                f"{verdict.rows_refused:,}",
                f"{verdict.rows_read:,}",
                verdict.reasons,
            )
    return as_rows(verdicts)


def land_family(mapping_file: str, family: str, as_of: str) -> list[dict[str, Any]]:
    """Land a family of one source; return rows landed and refused per stream."""
    settings, mapping = get_settings(), read_mapping(Path(mapping_file))
    landed = []
    for stream in streams_of(mapping, family):
        manifests = land(settings, mapping.source, stream, as_of[:10])
        rows = sum(manifest["rows_landed"] for manifest in manifests)
        refused = sum(manifest["rows_refused"] for manifest in manifests)
        log.info("%s.%s: %s rows landed, %s refused", mapping.source, stream, f"{rows:,}", f"{refused:,}")
        landed.append({"source": mapping.source, "stream": stream, "rows": rows, "refused": refused})
    return landed

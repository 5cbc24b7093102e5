"""The tasks of a load DAG: for each configured source extract, gate 1, land; then say that the family is loaded."""

from __future__ import annotations

from typing import Any

from airflow.sdk import Metadata, get_current_context, task, task_group

from include.orchestration.assets import LAKE

RUNBOOK = """
### Load {what}

Brings {what} from every source in `PERENNIAL_SOURCES` into the lake: pull, extract, gate 1, land.
Running it again at any time is safe: a file that has not changed is skipped, one that has replaces its rows.

**pull fails**: the vendor refused the credentials (mend the connection; `make check-sources` says what is missing) or
gave no answer. Nothing of the resource was written, its cursor stands where it was; the next run reads the same window.

**back-fill**: `airflow backfill create --dag-id <this> --from-date … --to-date … --run-backwards`: each run pulls what
changed within its own data interval, beside the daily state, and fires no build.

**extract fails**: a file is missing, empty, of another format or lacks a column. The error names file and column.

**gate_1 fails**: a file or stream broke a rule, or too many rows are bad. Nothing landed and the live warehouse is as
it was. Open the Data Docs in `<data>/quality/gate_1/`, correct the export or the mapping, and clear the task `extract`.
Where a column has changed and is right as it is, add the `accept_schema` that the error names.

**rows in quarantine**: `<lake>/_quarantine/`, and `meta.quarantine` in the live warehouse. See
docs/runbooks/gate-1-stopped.md and docs/gates.md.
"""


def load_runbook(what: str) -> str:
    """Return the doc_md of a load DAG."""
    return RUNBOOK.format(what=what)


def load_family(family: str) -> None:
    """Add the tasks that load one family of streams from every source that has any of it."""

    @task
    def list_sources() -> list[str]:
        """Name the mapping files that feed this family; a mapping that cannot be used stops here."""
        from include.orchestration.failing import final
        from include.settings import SettingsError, get_settings
        from include.sources.configured import mappings_with
        from include.sources.mapping import MappingError

        with final(MappingError, SettingsError):
            return [str(path) for path in mappings_with(get_settings(), family)]

    @task
    def pull(mapping_file: str) -> list[dict[str, Any]]:
        """Ask the vendor for what is new; a source of files has nothing to ask."""
        from include.orchestration.as_of import span_of_run
        from include.orchestration.failing import final
        from include.sources import configured
        from include.sources.pull.base import PullRefused

        with final(PullRefused):
            return configured.pull(mapping_file, family, span_of_run(get_current_context()))

    @task
    def extract(mapping_file: str, pulled: list[dict[str, Any]]) -> dict[str, Any]:
        """Read new and changed files into the incoming area."""
        from include.orchestration.failing import final
        from include.sources.configured import extract_family
        from include.sources.readers import SourceFileError

        with final(SourceFileError):
            return extract_family(mapping_file, family)

    @task
    def gate_1(mapping_file: str, extracted: dict[str, Any]) -> list[dict[str, Any]]:
        """Check what has been read; bad rows are set aside, a bad file stops the load."""
        from include.orchestration.as_of import as_of_of_run
        from include.orchestration.failing import final
        from include.quality.gate_1 import GateFailed
        from include.sources.configured import check_family

        with final(GateFailed):
            return check_family(mapping_file, family, as_of_of_run(get_current_context()))

    @task
    def land(mapping_file: str, checked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Move good rows into the lake and bad ones into the quarantine."""
        from include.orchestration.as_of import as_of_of_run
        from include.sources.configured import land_family

        return land_family(mapping_file, family, as_of_of_run(get_current_context()))

    @task_group
    def load(mapping_file: str) -> None:
        """Load one source."""
        land(mapping_file, gate_1(mapping_file, extract(mapping_file, pull(mapping_file))))

    @task(outlets=[LAKE[family]], trigger_rule="none_failed")
    def loaded() -> Any:
        """Announce the family; with no source of it there is nothing to wait for either.

        A back-filled day is not announced: the build would be about that day, and the next daily one takes it in.
        """
        from airflow.sdk.exceptions import AirflowSkipException

        from include.orchestration.as_of import as_of_of_run, is_backfill

        if is_backfill(get_current_context()):
            raise AirflowSkipException("Back-filled; the next daily load fires the build.")
        yield Metadata(LAKE[family], {"as_of": as_of_of_run(get_current_context())})

    load.expand(mapping_file=list_sources()) >> loaded()

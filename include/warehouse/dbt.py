"""How dbt is called: the same variables and environment in the DAG, in the tests and by hand."""

from __future__ import annotations

from include.settings import PROJECT_ROOT, Settings

PROJECT_DIR = PROJECT_ROOT / "dbt_project"
MANIFEST = PROJECT_DIR / "target" / "manifest.json"


def dbt_env(settings: Settings) -> dict[str, str]:
    """Environment of a dbt process: where the lake and the build warehouse are."""
    return {
        "PERENNIAL_LAKE": settings.lake,
        "PERENNIAL_BUILD_WAREHOUSE": str(settings.build_warehouse),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def dbt_vars(settings: Settings, as_of: str) -> dict[str, str | int]:
    """Variables of a run.

    Args:
        settings: currency and time zone of the marts.
        as_of: exclusive end of what the run may know, UTC, as text (or a template that gives it).
    """
    return {
        "as_of": as_of,
        "reporting_currency": settings.reporting_currency,
        "reporting_minor_units": settings.reporting_minor_units,
        "time_zone": settings.time_zone,
    }

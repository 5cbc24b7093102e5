"""Build the dashboards from the live warehouse: `python -m include.site`."""

from __future__ import annotations

import sys

from include.settings import SettingsError, get_settings
from include.site.build import build_site
from include.site.read import SiteError


def main() -> int:
    """Print the page to open; returns 0, or 1 when there is no live warehouse."""
    try:
        print(build_site(get_settings()))
    except (SiteError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

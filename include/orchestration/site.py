"""The dashboards as a task."""

from __future__ import annotations

from include.orchestration.failing import final
from include.settings import get_settings


def draw() -> str:
    """Build the site from the live warehouse and return the page to open."""
    from include.site.build import build_site
    from include.site.read import SiteError

    with final(SiteError):
        return str(build_site(get_settings()))

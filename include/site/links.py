"""Links from a page to files outside of the site."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from include.quality.checks import data_docs_index
from include.site.spec import Page

if TYPE_CHECKING:
    from include.settings import Settings


def links_of(page: Page, settings: Settings) -> list[tuple[str, str]]:
    """Return name and relative address of the Data Docs there are, for the page about quality; nothing for others."""
    if page.id != "quality":
        return []
    quality = settings.data_dir / "quality"
    site = settings.live_warehouse.parent / "site"
    reports = {"gate 2: the build": quality / "gate_2"}
    for folder in sorted(quality.glob("gate_1/*")):
        reports[f"gate 1: {folder.name}"] = folder
    found = ((name, data_docs_index(folder)) for name, folder in reports.items())
    # The address is relative to the link, which browsers do not follow: the folder behind it changes its name.
    return [(name, os.path.relpath(path, site).replace(os.sep, "/")) for name, path in found if path.exists()]

"""`python -m include.docs_site`: build the documentation below the data folder."""

from __future__ import annotations

import sys

from include.docs_site.build import DocsError, render, write_pages
from include.settings import get_settings

if __name__ == "__main__":
    folder = get_settings().data_dir / "docs"
    try:
        write_pages(folder / "pages")
        render(folder / "pages", folder / "site")
    except DocsError as error:
        sys.exit(f"docs: {error}")
    print(f"Open {folder / 'site' / 'index.html'}")

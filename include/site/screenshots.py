"""Pictures of the dashboards for the documentation, by Chromium: `python -m include.site.screenshots FOLDER`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from include.settings import get_settings
from include.site.build import index_of
from include.site.pages import PAGES

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTH, HEIGHT = 1200, 1240
PHONE = {"width": 390, "height": 800}


def take(site: Path, folder: Path, chromium: str) -> list[Path]:
    """Take the head of every page, and of the overview on a phone.

    Args:
        site: folder of the site.
        folder: where the pictures go, one <page>.png each; made where it is missing.
        chromium: path of the browser.
    """
    # Only what documents and tests the project needs a browser; what runs it does not.
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    taken = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        shots = [(page.file, page.id, {"width": WIDTH, "height": HEIGHT}) for page in PAGES]
        for file, name, size in [*shots, (PAGES[0].file, "overview-phone", PHONE)]:
            with browser.new_context(viewport=size) as context:
                page = context.new_page()
                page.goto((site / file).absolute().as_uri())
                page.wait_for_selector("html[data-ready]")
                page.screenshot(path=folder / f"{name}.png")
            taken.append(folder / f"{name}.png")
        browser.close()
    return taken


def main(arguments: list[str]) -> int:
    """Print the pictures taken; returns 0, or 1 when browser or site is missing."""
    if len(arguments) != 1:
        print("usage: python -m include.site.screenshots FOLDER", file=sys.stderr)
        return 1
    chromium, index = shutil.which("chromium"), index_of(get_settings())
    if chromium is None or not index.is_file():
        missing = f"{index} does not exist; run `make site`" if chromium else "Chromium is missing; run `make browser`"
        print(f"{missing} first.", file=sys.stderr)
        return 1
    for path in take(index.parent, Path(arguments[0]), chromium):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

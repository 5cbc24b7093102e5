"""One Chromium for the tests of a module."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from include.site.screenshots import FLAGS


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium.

    It ends with the module: while it is open the thread counts as one with a running asyncio loop, in which
    neither a second browser nor `asyncio.run` works.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("These tests look at the pages with Chromium, which is not installed; run `make browser`.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()

"""The sites that the tests look at, and the checks that a page has to pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from include.settings import Settings
from include.site.build import build_site
from tests.support.live import live_warehouse, publish_rows
from tests.support.live_rows import LETTERS, ONE_CUSTOMER, RUNS, SHOP

USABLE_SECONDS = 2.0


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = live_warehouse(tmp_path_factory.mktemp("shop"), SHOP)
    publish_rows(settings, "publish_runs", RUNS)
    publish_rows(settings, "publish_dead_letters", LETTERS)
    return settings


@pytest.fixture(scope="session")
def sites(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of the sites of a small shop, of one customer and of nobody."""
    one = live_warehouse(tmp_path_factory.mktemp("one"), ONE_CUSTOMER)
    nobody = live_warehouse(tmp_path_factory.mktemp("nobody"))
    return {"shop": build_site(shop).parent, "one": build_site(one).parent, "nobody": build_site(nobody).parent}


@dataclass
class Seen:
    """A page and what the browser complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, path: Path, width: int = 1280) -> Iterator[Seen]:
    """Open a file without a network and wait until it has drawn itself."""
    with browser.new_context(viewport={"width": width, "height": 900}, offline=True) as context:
        page = context.new_page()
        seen = Seen(page)
        page.on("console", lambda message: seen.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.complaints.append(f"error: {error}"))
        page.on("requestfailed", lambda request: seen.complaints.append(f"not loaded: {request.url}"))
        page.goto(path.absolute().as_uri())
        if page.locator("#data").count():
            page.wait_for_selector("html[data-ready]", timeout=20_000)
        yield seen


@pytest.fixture(scope="module")
def shown(browser: Browser, sites: dict[str, Path]) -> Iterator[Callable[[str], Seen]]:
    """Give a page of the small shop with everything unfolded, opened once for all tests that only look at it."""
    with ExitStack() as stack:

        @cache
        def show(file: str) -> Seen:
            seen = stack.enter_context(opened(browser, sites["shop"] / file))
            seen.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            return seen

        yield show

"""What every vendor's API has in common."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from include.demo.tools.base import Answer, Request, Tool, route
from include.destinations.api import Api, Window, limiter
from include.destinations.base import DestinationRefused


def test_contact_data_travels_in_clear_to_nobody_but_this_machine() -> None:
    for address in ("https://api.example", "http://127.0.0.1:1", "http://localhost:1"):
        Api("tool", address, {}, connection="tool").close()
    with pytest.raises(DestinationRefused, match=r"'tool' is http://api\.example, expected https"):
        Api("tool", "http://api.example/path?token=secret", {}, connection="tool")


def test_the_shortest_window_holds_back_first() -> None:
    both = limiter([Window(100, 60), Window(2, 0.2)])
    assert both is not None
    started = time.monotonic()
    for _ in range(3):
        both.try_acquire("tool")
    assert time.monotonic() - started >= 0.15
    assert limiter([]) is None


class Quick(Tool):
    """Answers at once."""

    @route("GET", "/people")
    def people(self, request: Request) -> Answer:
        return Answer(200, {})


def test_threads_share_an_operations_window() -> None:
    tool = Quick()
    tool.start()
    api = Api("tool", tool.url, {})
    started = time.monotonic()
    try:
        with ThreadPoolExecutor(4) as pool:
            window = (Window(5, 0.5),)
            list(pool.map(lambda _: api.request("GET", "/people", key="look", windows=window), range(12)))
    finally:
        api.close()
        tool.stop()
    # 5 at once, 5 after half a second, 2 after another; each thread alone would be done at once.
    assert time.monotonic() - started >= 0.95

"""What every vendor's API has in common."""

from __future__ import annotations

import time

import pytest

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

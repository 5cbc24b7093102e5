from __future__ import annotations

import pytest

from include.settings import Settings
from tests.support.live import live_warehouse, publish_rows
from tests.support.live_rows import LETTERS, RUNS, SHOP


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small shop, promoted and published."""
    settings = live_warehouse(tmp_path_factory.mktemp("shop"), SHOP)
    publish_rows(settings, "publish_runs", RUNS)
    publish_rows(settings, "publish_dead_letters", LETTERS)
    return settings


@pytest.fixture(scope="session")
def nothing(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A warehouse without a row."""
    return live_warehouse(tmp_path_factory.mktemp("nothing"))

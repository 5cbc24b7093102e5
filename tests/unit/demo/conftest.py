from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from include.demo.simulator import simulate
from tests.unit.demo.simulated_shop import CHUNK_SIZE, CUSTOMERS, SEED, open_shop

Rows = Callable[[str], list[tuple]]


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "simulated"
    simulate(folder, CUSTOMERS, SEED, workers=1, chunk_size=CHUNK_SIZE)
    return folder


@pytest.fixture(scope="session")
def shop(shop_folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_shop(shop_folder) as connection:
        yield connection


@pytest.fixture
def rows(shop: duckdb.DuckDBPyConnection) -> Rows:
    return lambda sql: shop.execute(sql).fetchall()


@pytest.fixture
def number(rows: Rows) -> Callable[[str], float]:
    """Return the single value of a query."""
    return lambda sql: rows(sql)[0][0]

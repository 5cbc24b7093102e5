"""A small project folder in which a test lays files, extracts, checks and lands them, and looks at what came of it."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml

from include.lake.landing import land
from include.lake.layout import Lake
from include.settings import Settings
from include.sources.extract import Extraction, extract, staged_reports
from include.sources.mapping import Mapping, read_mapping

AS_OF = datetime(2024, 6, 1)  # noqa: DTZ001 - as the load DAGs give it: UTC, without an offset


def plain_settings(data_dir: Path, **values: Any) -> Settings:
    """Settings that depend on no .env file and no variable of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("PERENNIAL_") and name != "PERENNIAL_REAL_DATA"]:
        del os.environ[name]
    return Settings(_env_file=None, data_dir=data_dir, **values)


class Bench:
    """One data folder; the source is called shop and its files lie in sources/."""

    def __init__(self, folder: Path, **values: Any) -> None:
        self.settings = plain_settings(folder / "data", **values)
        self.lake = Lake(self.settings)
        self.folder = self.settings.data_dir / "sources"
        self.folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def write_parquet(self, name: str, query: str) -> Path:
        path = self.folder / name
        duckdb.connect().execute(f"copy ({query}) to '{path}' (format parquet)")
        return path

    def mapping(self, streams: dict[str, Any], **top: Any) -> Mapping:
        path = self.settings.data_dir / "shop.yml"
        content = {"source": "shop", "time_zone": "UTC", "base": "sources", "streams": streams} | top
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return read_mapping(path)

    def extract(self, mapping: Mapping, stream: str = "orders") -> Extraction:
        return extract(self.settings, mapping, stream)

    def typed(self, mapping: Mapping, columns: str, stream: str = "orders") -> list[tuple[Any, ...]]:
        """Extract, and return columns of what waits for gate 1, in the order of the file."""
        self.extract(mapping, stream)
        return self.incoming(columns, stream)

    def incoming(self, columns: str, stream: str = "orders") -> list[tuple[Any, ...]]:
        files = self.lake.incoming("shop", stream)
        query = (
            f"select {columns} from read_parquet('{files}/[0-9a-f]*.parquet', filename = true) order by filename, _row"
        )
        return duckdb.connect().execute(query).fetchall()

    def reports(self, stream: str = "orders") -> list[dict[str, Any]]:
        return staged_reports(self.lake, "shop", stream)

    def check(self, mapping: Mapping, *streams: str, as_of: datetime = AS_OF) -> list[Any]:
        from include.quality.gate_1 import gate_1  # six seconds, which only the gate's own tests need

        return gate_1(self.settings, mapping, list(streams or ["orders"]), as_of)

    def land(self, stream: str = "orders", load_date: str = "2024-06-01") -> list[dict[str, Any]]:
        return land(self.settings, "shop", stream, load_date)

    def landed(self, columns: str, stream: str = "orders") -> list[tuple[Any, ...]]:
        if not list(self.lake.landed("shop", stream).glob("load_date=*/*.parquet")):
            return []
        files = f"{self.lake.landed('shop', stream)}/load_date=*/*.parquet"
        query = f"select {columns} from read_parquet('{files}', hive_partitioning = false) order by _file, _row"
        return duckdb.connect().execute(query).fetchall()

    def quarantined(self, columns: str, stream: str = "orders") -> list[tuple[Any, ...]]:
        folder = self.lake.root / "_quarantine" / "shop" / stream
        if not list(folder.glob("*.parquet")):
            return []
        query = f"select {columns} from read_parquet('{folder}/*.parquet') order by file, record"
        return duckdb.connect().execute(query).fetchall()

    def visible(self) -> dict[str, bytes]:
        """Everything that anyone but the load itself reads: landed rows, quarantine, records of loads, live files."""
        files = [path for path in self.settings.data_dir.rglob("*") if path.is_file()]
        kept = [p for p in files if not {"_incoming", "quality", "sources"} & set(p.parts) and p.suffix != ".yml"]
        return {str(path): path.read_bytes() for path in kept}


ORDERS = {"files": "orders*.csv", "format": "csv", "columns": "same"}
HEADER = "order_id,customer_id,ordered_at,status,currency,gross_amount\n"


def order(number: int, *, at: str = "2024-05-30 10:00:00", status: str = "completed", currency: str = "EUR") -> str:
    """One line of an orders file in the contract's own words."""
    return f"o{number},c{number},{at},{status},{currency},{number}.50\n"


def orders(numbers: range) -> str:
    """A whole file of good orders."""
    return HEADER + "".join(order(number) for number in numbers)

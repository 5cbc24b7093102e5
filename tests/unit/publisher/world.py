"""Tiny live files, settings in a temporary folder, and readers of what the publisher left behind."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import yaml
from sqlalchemy import create_engine, text

from include.settings import Settings

AUDIENCE = "loyal"
DESTINATIONS = [
    {"id": "files", "type": "files", "dry_run": False},
    {
        "id": "webhook",
        "type": "webhook",
        "dry_run": False,
        "batch_size": 10,
        "timeout_seconds": 1,
        "attempts": 3,
        "first_wait_seconds": 0.01,
        "max_wait_seconds": 2,
    },
]


@dataclass(frozen=True)
class Customer:
    """One row of the audience with its contact."""

    key: str
    email: str | None = ""
    stage: str | None = "loyal"
    first_name: str | None = "Ann"

    @property
    def address(self) -> str | None:
        return f"{self.key}@people.example" if self.email == "" else self.email


def customers(*numbers: int, **fields: Any) -> list[Customer]:
    return [Customer(f"c{number:04d}", **fields) for number in numbers]


@dataclass
class World:
    """A live warehouse that a test rewrites, as a promotion would, and the settings that point to it."""

    folder: Path
    settings: Settings
    audience: dict[str, Any] = field(default_factory=dict)

    def configure(self, rows: Sequence[dict[str, Any]] = DESTINATIONS, **audience: Any) -> None:
        row = {
            "id": AUDIENCE,
            "description": "Regulars.",
            "channel": "email",
            "destinations": [item["id"] for item in rows],
            "contact_fields": ["email", "first_name"],
            "attributes": ["stage", "spent"],
        }
        self.settings.audiences_file.write_text(yaml.safe_dump({"audiences": [row | audience]}))
        self.settings.destinations_file.write_text(yaml.safe_dump({"destinations": list(rows)}))

    def promote(
        self,
        members: Iterable[Customer],
        suppressed: Iterable[tuple[str, str]] = (),
        build: str = "build-1",
        contacts_build: str | None = None,
        forgotten: Iterable[Customer] = (),
    ) -> None:
        """Write both live files. `forgotten` are contacts that are in no audience any more."""
        rows, live = list(members), self.settings.data_dir / "live"
        live.mkdir(parents=True, exist_ok=True)
        _fresh(
            self.settings.live_warehouse,
            "create schema meta; create schema publish;"
            "create table meta.build (build_id text, as_of timestamp);"
            f"create table publish.pub_{AUDIENCE} (customer_key text, stage text, spent decimal(12, 2));"
            "create table publish.pub_suppressions (customer_key text, channel text, reason text, kind text)",
            {
                "meta.build": [(build, datetime(2026, 1, 2))],  # noqa: DTZ001 - the column has no zone
                f"publish.pub_{AUDIENCE}": [(item.key, item.stage, "12.50") for item in rows],
                "publish.pub_suppressions": [(key, channel, "unsubscribed", "consent") for key, channel in suppressed],
            },
        )
        _fresh(
            self.settings.live_contacts,
            "create schema meta; create schema contacts;"
            "create table meta.build (build_id text, as_of timestamp);"
            "create table contacts.contacts "
            "(customer_key text, email text, phone text, first_name text, last_name text)",
            {
                "meta.build": [(contacts_build or build, datetime(2026, 1, 2))],  # noqa: DTZ001
                "contacts.contacts": [
                    (item.key, item.address, None, item.first_name, "Example") for item in [*rows, *forgotten]
                ],
            },
        )

    def ledger(self, query: str) -> list[tuple[Any, ...]]:
        engine = create_engine(self.settings.ledger)
        with engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(text(query))]
        engine.dispose()
        return rows

    def confirmed(self, destination: str) -> set[str]:
        query = (
            f"select customer_key from publish_members where content_hash is not null and destination = '{destination}'"
        )
        return {key for (key,) in self.ledger(query)}

    def environment(self) -> dict[str, str]:
        """What a publisher in a process of its own needs to see the same world."""
        names = ("data_dir", "audiences_file", "destinations_file", "webhook_url", "ledger_url")
        values = {f"PERENNIAL_{name.upper()}": getattr(self.settings, name) for name in names}
        secret = self.settings.webhook_secret
        values["PERENNIAL_WEBHOOK_SECRET"] = secret.get_secret_value() if secret else None
        return {name: str(value) for name, value in values.items() if value is not None}


def _fresh(path: Path, ddl: str, tables: dict[str, list[tuple[Any, ...]]]) -> None:
    # A file called contacts.* would make the schema `contacts` ambiguous while it is written.
    aside = path.with_name(f"fresh_{path.name}")
    with duckdb.connect(str(aside)) as connection:
        connection.execute(ddl)
        for table, rows in tables.items():
            if rows:
                # One statement per table: executemany costs a millisecond a row.
                marks = ", ".join("(" + ", ".join("?" * len(rows[0])) + ")" for _ in rows)
                connection.execute(f"insert into {table} values {marks}", [value for row in rows for value in row])
    aside.replace(path)


def make_world(folder: Path) -> World:
    settings = Settings(
        _env_file=None,
        data_dir=folder / "data",
        audiences_file=folder / "audiences.yml",
        destinations_file=folder / "destinations.yml",
    )
    world = World(folder, settings)
    world.configure(DESTINATIONS[:1])
    return world


def published(world: World) -> list[str]:
    """The keys in the CSV list, in its order."""
    lines = (world.settings.data_dir / "published" / f"{AUDIENCE}.csv").read_text().splitlines()
    return [json.loads(line.split(",")[0]) for line in lines[1:]]

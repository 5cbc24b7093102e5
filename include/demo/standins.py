"""Starts the chosen vendors' stand-ins for as long as a demo runs, and points the publisher to them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb
import sqlalchemy as sa
import yaml

from include.demo.accounts import ACCOUNTS, Account
from include.demo.choice import DemoError
from include.destinations.config import load_destinations, read_rows
from include.lake.layout import Lake
from include.publisher.audiences import load_audiences
from include.publisher.database import open_database
from include.publisher.tables import changes, metadata, receipts, runs
from include.settings import Settings

FOLDER = "standins"
# Of destinations and connections, so that a ledger which real accounts share never mixes the two.
PREFIX = "demo_"
# Streams that hold an address somebody gave to the shop.
WITH_ADDRESSES = ("customers", "orders", "consents")
COMMENT = """\
# Written anew by each `make demo DESTINATIONS=…`; changes are lost.
# dry_run is false because no account is meant: these tools are stand-ins on this machine (include/demo/tools), and they
# are gone when the demo ends. Rows of real accounts at these vendors are left out, so that no demo reaches them.
"""


@dataclass(frozen=True)
class Traffic:
    """Requests a tool got: all, and those that ask for a change."""

    requests: int = 0
    changes: int = 0

    def __sub__(self, earlier: Traffic) -> Traffic:
        return Traffic(self.requests - earlier.requests, self.changes - earlier.changes)


@dataclass
class StandIns:
    """The running stand-ins.

    Attributes:
        settings: of the demo, with the files that name the stand-ins.
        accounts: id of the destination, demo_<vendor> -> account; empty when none was chosen.
        connections: id of the Airflow connection -> its fields.
    """

    settings: Settings
    accounts: dict[str, Account] = field(default_factory=dict)
    connections: dict[str, dict[str, str]] = field(default_factory=dict)

    def traffic(self) -> dict[str, Traffic]:
        """Count what each tool was asked until now."""
        return {
            name: Traffic(len(one.tool.requests), one.tool.asked_to_change()) for name, one in self.accounts.items()
        }


def parse_names(text: str) -> tuple[str, ...]:
    """Read the names of DESTINATIONS, separated by commas.

    Raises:
        DemoError: there is no stand-in of a name; the message lists those there are.
    """
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [name for name in names if name not in ACCOUNTS]
    if unknown:
        raise DemoError(
            f"DESTINATIONS={text}: there is no stand-in for {', '.join(unknown)}; expected any of "
            f"{', '.join(ACCOUNTS)}, separated by commas."
        )
    return names


@contextmanager
def stand_ins(
    names: Sequence[str], settings: Settings, addresses: Callable[[Settings], list[str]] | None = None
) -> Iterator[StandIns]:
    """Start stand-ins, write the files that send to them, and stop them at the end.

    The accounts are new, so what the ledger knows of earlier ones is forgotten.

    Args:
        names: from `parse_names`; without any everything stays as it is.
        settings: of the demo.
        addresses: whom Mailchimp and retailCRM know before; asked for at a tool's first request. Default: the lake's.

    Raises:
        DemoError: no audience of audiences.yml can go to a chosen tool.
    """
    if not names:
        yield StandIns(settings)
        return
    known = _Once(settings, addresses or addresses_in_lake)
    audiences = load_audiences(settings).values()
    running = StandIns(settings)
    with ExitStack() as stack:
        for name in names:
            secret = secrets.token_hex(16)
            account = ACCOUNTS[name](audiences, secret)
            if not account.audiences:
                raise DemoError(f"{settings.audiences_file} has no audience that {name} can take; leave it out.")
            known.tell(account)
            account.tool.start()
            stack.callback(account.tool.stop)
            running.accounts[PREFIX + name] = account
            running.connections[PREFIX + name] = {
                "conn_type": "generic", "host": account.tool.url, "password": secret,
            }  # fmt: skip
        running.settings = _write_files(running.accounts, settings)
        _forget(list(running.accounts), settings)
        yield running


def addresses_in_lake(settings: Settings) -> list[str]:
    """List every address that the loaded files hold, accounts' and guests', each once in lower case.

    A shop's e-mail tool and CRM got them from the shop as well, so this is what a real account would have.
    """
    root = Lake(settings).root
    with duckdb.connect() as con:
        selects = [
            f"select email from read_parquet('{root}/[!_]*/{stream}/*/*.parquet', union_by_name = true)"
            for stream in WITH_ADDRESSES
            if any(root.glob(f"[!_]*/{stream}/*/*.parquet"))
        ]
        if not selects:
            return []
        union = " union all ".join(selects)
        query = f"select distinct lower(trim(email)) as address from ({union}) where email like '%@%' order by address"
        return [address for (address,) in con.execute(query).fetchall()]


class _Once:
    """Tells accounts whom they know, at the first request: only then is the lake loaded."""

    def __init__(self, settings: Settings, addresses: Callable[[Settings], list[str]]) -> None:
        self._settings, self._addresses = settings, addresses
        self._lock = threading.Lock()
        self._found: list[str] | None = None

    def tell(self, account: Account) -> None:
        if type(account).know is Account.know:
            return
        told = threading.Event()

        def check(_request: Any) -> None:
            with self._lock:
                if told.is_set():
                    return
                if self._found is None:
                    self._found = self._addresses(self._settings)
                with account.tool.lock:
                    account.know(self._found)
                told.set()

        account.tool.check = check


def _write_files(accounts: dict[str, Account], settings: Settings) -> Settings:
    folder = settings.data_dir / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    kept = [row for row in read_rows(settings.destinations_file, "destinations") if row.get("type") not in ACCOUNTS]
    rows = [
        {"id": name, "type": name.removeprefix(PREFIX), "connection": name, "dry_run": False} | account.row()
        for name, account in accounts.items()
    ]
    ids = {row["id"] for row in kept}
    sent = read_rows(settings.audiences_file, "audiences")
    for row in sent:
        ours = [name for name, account in accounts.items() if row["id"] in account.audiences]
        row["destinations"] = [one for one in row["destinations"] if one in ids] + ours
        needed = [accounts[name].finds_by for name in ours]
        fields = row.get("contact_fields") or []
        # Last: whoever lacks the first one is not sent.
        row["contact_fields"] = list(dict.fromkeys([*fields, *(one for one in needed if one)]))
    # An audience that only went to a real account has nowhere to go.
    contents = {"destinations": [*kept, *rows], "audiences": [row for row in sent if row["destinations"]]}
    paths = {root: folder / f"{root}.yml" for root in contents}
    for root, content in contents.items():
        text = yaml.safe_dump({root: content}, sort_keys=False, width=120)
        paths[root].write_text(COMMENT + text, encoding="utf-8")
    changed = {"destinations_file": paths["destinations"], "audiences_file": paths["audiences"]}
    result = settings.model_copy(update=changed)
    load_destinations(result)
    return result


def _forget(names: Sequence[str], settings: Settings) -> None:
    with closing(open_database(settings)) as database, database.writing() as connection:
        ours = sa.select(runs.c.run_id).where(runs.c.destination.in_(names))
        for table in (changes, receipts):
            connection.execute(sa.delete(table).where(table.c.run_id.in_(ours)))
        for table in metadata.tables.values():
            if "destination" in table.c:
                connection.execute(sa.delete(table).where(table.c.destination.in_(names)))

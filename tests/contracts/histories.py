"""Random histories of a publisher and a tool: what changes, what goes wrong, where the process is killed, how it ends.

The publisher, the ledger (SQLite), the destinations, HTTP and the stand-ins are the real ones. Two things are not, for
speed: the live files are tables in memory, and nothing waits.
"""

from __future__ import annotations

import functools
import json
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import httpx
from sqlalchemy import Connection, text

from include.demo.tools.base import Request, Tool
from include.demo.tools.klaviyo import KlaviyoTool
from include.demo.tools.mailchimp import MailchimpTool, subscriber_hash
from include.destinations import config, credentials
from include.destinations.base import DestinationError
from include.destinations.config import load_destinations
from include.publisher import journal
from include.publisher.audiences import find_audience
from include.publisher.database import Database, open_database
from include.publisher.errors import PublishBlocked
from include.publisher.publish import publish
from include.publisher.source import Source
from include.publisher.tables import metadata
from tests.contracts.vendors import QUICK
from tests.unit.publisher.world import AUDIENCE, Customer, World, make_world

CUSTOMERS = 7
ANCHOR = Customer("c0099")
"""Always a member, so that the list is never empty, which the guard would stop."""
NOBODY = 2**22 + 1
"""A process id above the largest that Linux gives."""
AS_OF = datetime(2026, 1, 2, tzinfo=UTC)
ATTEMPTS = 3
STUCK = 10**6


class Killed(BaseException):
    """The process is gone. Whatever it tries after that raises this again: no clean-up has an effect."""


@dataclass
class Killer:
    """Ends the process at the n-th step of a kind.

    Kinds: `write` and `commit` and `committed` (before a transaction of the ledger, before and after its commit),
    `request` and `answered` (before a request leaves, after the tool has carried it out), `journal` (before its files).
    """

    kind: str = ""
    left: int = 0
    dead: bool = False

    def step(self, kind: str) -> None:
        if self.dead:
            raise Killed
        if kind == self.kind:
            self.left -= 1
            if self.left == 0:
                self.dead = True
                raise Killed


KILLS = ("write", "commit", "committed", "request", "answered", "journal")


@dataclass(frozen=True)
class KeptDatabase(Database):
    """The ledger's database, kept open between runs, with steps at which the process may be killed."""

    killer: list[Killer] = field(default_factory=lambda: [Killer()])

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        self.killer[0].step("write")
        with super().writing() as connection:
            yield connection
            self.killer[0].step("commit")
        self.killer[0].step("committed")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        self.killer[0].step("read")
        with super().reading() as connection:
            yield connection

    def close(self) -> None:
        pass


@dataclass(frozen=True)
class Step:
    """One run of a history.

    Attributes:
        people: what each customer is before the run; see STATES.
        faults: (number of the request in this run from 1, what goes wrong, how often in a row).
        trouble: (number of a customer, what the tool has against them).
        looks: how often an import job is called processing.
        kill: (kind, n) of `Killer`; None lets the process live.
        stale: whether the warehouse is older than what was published, so that the guard stops all but consent losses.
    """

    people: tuple[str, ...]
    faults: tuple[tuple[int, str, int], ...] = ()
    trouble: tuple[tuple[int, str], ...] = ()
    looks: int = 1
    kill: tuple[str, int] | None = None
    stale: bool = False


STATES = ("absent", "loyal", "vip", "moved", "no_address", "lost", "lost_and_gone", "held_out", "forgotten")
"""`moved`: loyal, at another address. `lost`: consent withdrawn, still in the audience. `forgotten`: no contact."""
SENDABLE = {"loyal": "loyal", "vip": "vip", "moved": "loyal"}


def customer(number: int, state: str) -> Customer:
    key = f"c{number:04d}"
    email = {"moved": f"{key}@elsewhere.example", "no_address": None}.get(state, "")
    return Customer(key, email=email, stage=SENDABLE.get(state, "loyal"))


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Side(ABC):
    """A stand-in, what lies there from the start, and how its state is read."""

    states: Sequence[str] = STATES
    troubles: Sequence[str] = ()
    faults: Sequence[str] = ("500", "429:0", "408", "reset-before", "reset-after", "truncated", "twice")
    row: dict[str, Any]
    tool: Any
    absent: frozenset[str] = frozenset()
    """Customers the tool cannot take: they are rejected by every run, and tried again."""

    def reset(self) -> None:
        """Make the tool forget everything but its address."""
        server = self.tool._server
        self.tool.__init__()
        self.tool._server = server
        self.seed()

    @abstractmethod
    def seed(self) -> None:
        """Put people there who are none of our doing: strangers, the unsubscribed."""

    @abstractmethod
    def held(self) -> dict[str, str | None]:
        """Return customer_key -> stage (None where the tool keeps none) of our members."""

    @abstractmethod
    def untouched(self) -> Any:
        """Return what no history may change: strangers on the list, everybody's subscription."""

    @abstractmethod
    def told(self, request: Request) -> set[str]:
        """Return the keys of those whom a request adds or updates."""

    @abstractmethod
    def trouble(self, found: Sequence[tuple[int, str]], looks: int) -> None:
        """Let the tool have something against customers, instead of what it had before."""


class KlaviyoSide(Side):
    troubles = ("fails", "ignored", "not_shown", "poisoned", "by_pointer", "unnamed")
    row: dict[str, Any] = {
        "type": "klaviyo",
        "lists": {AUDIENCE: "LIST01"},
        "poll_seconds": 2,
        "job_timeout_seconds": 8,
        "batch_size": 3,
    }

    def __init__(self) -> None:
        self.tool = KlaviyoTool()

    def seed(self) -> None:
        tool = self.tool
        tool.windows = {"slow": ((STUCK, 1.0),), "fast": ((STUCK, 1.0),)}
        for number, consent in enumerate(("UNSUBSCRIBED", "UNSUBSCRIBED", "SUBSCRIBED")):
            tool.add_profile(consent, email=customer(number, "loyal").address)
        for number in range(2):
            tool.lists["LIST01"].add(tool.add_profile("SUBSCRIBED", email=f"stranger{number}@shop.example").id)
        # The shop itself put a customer of ours there, whom we may never come to add.
        tool.lists["LIST01"].add(tool.by("email", customer(2, "loyal").address).id)

    def held(self) -> dict[str, str | None]:
        found = [self.tool.profiles[one] for one in self.tool.lists["LIST01"]]
        ours = [one for one in found if one.attributes.get("external_id")]
        return {one.attributes["external_id"]: one.properties.get("stage") for one in ours}

    def untouched(self) -> Any:
        seeded = sorted(self.tool.profiles)[:5]
        strangers = {one for one in seeded[3:] if one in self.tool.lists["LIST01"]}
        changed = {key for key, one in self.tool.profiles.items() if key not in seeded and "NEVER" not in one.consent}
        return [(key, self.tool.profiles[key].consent) for key in seeded], strangers, changed

    def told(self, request: Request) -> set[str]:
        if request.method != "POST":
            return set()
        return {one["attributes"]["external_id"] for one in request.json["data"]["attributes"]["profiles"]["data"]}

    def trouble(self, found: Sequence[tuple[int, str]], looks: int) -> None:
        of = {kind: {f"c{number:04d}" for number, one in found if one == kind} for kind in self.troubles}
        tool = self.tool
        tool.job_looks = looks
        tool.ignored, tool.not_shown, tool.poisoned = of["ignored"], of["not_shown"], of["poisoned"]
        failing = of["fails"] | of["by_pointer"] | of["unnamed"]
        tool.import_errors = dict.fromkeys(failing, ("invalid", "this profile is not valid"))
        tool.error_style = "pointer" if of["by_pointer"] else "neither" if of["unnamed"] else "payload"


class MailchimpSide(Side):
    # Mailchimp knows people by address only. Whom a killed run tagged and whose address changes before the next run
    # cannot be found there any more, by anybody.
    states = tuple(one for one in STATES if one not in ("moved", "forgotten", "no_address"))
    troubles = ("fails", "poisoned")
    faults = (*Side.faults, "bare-403")
    tag = "Perennial: loyal"

    def __init__(self, creates: bool) -> None:
        self.tool = MailchimpTool()
        self.creates = creates
        self.absent = frozenset() if creates else frozenset({"c0005", "c0006"})
        self.row = {"type": "mailchimp", "list_id": "list1", "tags": {AUDIENCE: self.tag}, "batch_size": 3}
        self.row |= {"status_if_new": "transactional"} if creates else {}

    def seed(self) -> None:
        tool = self.tool
        for number in range(CUSTOMERS - 2):
            tool.sign_up(str(customer(number, "loyal").address), status="unsubscribed" if number < 2 else "subscribed")
        tool.sign_up(str(ANCHOR.address))
        for number in range(2):
            tool.sign_up(f"stranger{number}@shop.example")
        if not self.creates:
            tool.tags[1] = (self.tag, {subscriber_hash(f"stranger{number}@shop.example") for number in range(2)})

    def held(self) -> dict[str, str | None]:
        return {
            email.partition("@")[0]: None for email in self.tool.members(self.tag) if email.endswith("@people.example")
        }

    def untouched(self) -> Any:
        statuses, seeded = self.tool.statuses(), self.tool.signed_up
        strangers = {email for email in self.tool.members(self.tag) if not email.endswith("@people.example")}
        changed = {email: status for email, status in statuses.items() if email not in seeded}
        return (
            [(email, statuses.get(email)) for email in seeded],
            strangers,
            {email for email, status in changed.items() if status != "transactional"},
        )

    def told(self, request: Request) -> set[str]:
        if request.method not in ("POST", "PUT"):
            return set()
        emails = [*request.json.get("members_to_add", []), *filter(None, [request.json.get("email_address")])]
        return {email.partition("@")[0] for email in emails}

    def trouble(self, found: Sequence[tuple[int, str]], looks: int) -> None:
        of = {kind: {str(customer(n, "loyal").address) for n, one in found if one == kind} for kind in self.troubles}
        self.tool.poisoned = of["poisoned"]
        self.tool.errors = dict.fromkeys(of["fails"], "something is wrong with this one")


@dataclass
class Stage:
    """Where histories are played: one stand-in, one world, one ledger, each emptied before the next history."""

    side: Side
    world: World
    database: KeptDatabase
    source: duckdb.DuckDBPyConnection
    counts: Counter[str] = field(default_factory=Counter)
    barred: set[str] = field(default_factory=set)
    wrongs: list[str] = field(default_factory=list)
    runs: int = 0

    @property
    def killer(self) -> Killer:
        return self.database.killer[0]

    def play(self, history: Sequence[Step]) -> None:
        """Play a history, end it with a run in which nothing goes wrong, and judge."""
        self._empty()
        before = self.side.untouched()
        for step in history:
            self._run(step)
        last = Step(history[-1].people)
        ended = self._run(last)
        assert ended == "done", ended
        self._judge(last, before)
        sent = len(self.side.tool.requests)
        assert self._run(last) == "done"
        again = [one for one in self.side.tool.requests[sent:] if one.method != "GET"]
        more = set().union(*(self.side.told(one) for one in again)) if again else set()
        if again:
            assert more and more <= self.side.absent, f"a run without changes sent {again}"
        self.counts["histories"] += 1

    def _judge(self, last: Step, before: Any) -> None:
        tool, held = self.side.tool, self.side.held()
        assert self.wrongs == [], self.wrongs
        assert tool.forbidden == [], tool.forbidden
        assert tool.violations == [], tool.violations
        assert self.side.untouched() == before, "strangers or subscriptions changed"
        wanted = {f"c{n:04d}": SENDABLE[one] for n, one in enumerate(last.people) if one in SENDABLE}
        wanted[ANCHOR.key] = "loyal"
        confirmed = self.world_confirmed()
        letters = self._rows("select customer_key, retryable from publish_dead_letters")
        refused = {key for key, _ in letters}
        assert {key for key, retryable in letters if retryable} <= self.side.absent
        assert refused <= wanted.keys(), f"{refused} outlived their members"
        assert held.keys() - refused == wanted.keys() - refused, (
            f"the tool's members are not the warehouse's: {held}, {wanted}"
        )
        assert confirmed - refused == wanted.keys() - refused, (
            f"the snapshot is not what the warehouse wants: {confirmed}, {wanted}"
        )
        assert confirmed <= held.keys(), f"the tool does not hold {confirmed - held.keys()}"
        doubtful = {key for (key,) in self._rows("select customer_key from publish_members where doubt_hash not null")}
        assert held.keys() & refused <= confirmed | doubtful, f"of {refused} some are held"
        assert not held.keys() & self.side.absent
        stages = {key: stage for key, stage in held.items() if key not in refused and stage is not None}
        assert stages == {key: wanted[key] for key in stages}, f"the tool holds other content: {stages}, {wanted}"
        assert self._rows("select count(*) from publish_claims") == [(0,)]
        self.counts["with dead letters"] += bool(refused)

    def world_confirmed(self) -> set[str]:
        query = "select customer_key from publish_members where content_hash is not null"
        return {key for (key,) in self._rows(query)}

    def _run(self, step: Step) -> str:
        self._promote(step)
        self._arm(step)
        self.runs += 1
        try:
            status = publish(AUDIENCE, self.side.row["type"], f"run{self.runs}", self.world.settings).status
        except Killed:
            status = "killed"
        except PublishBlocked:
            status = "blocked"
        except DestinationError as error:
            status = f"failed: {error}"
        if self.killer.dead:
            # The claim of a process that is no more: another process is here now.
            self.database.killer[0] = Killer()
            with self.database.writing() as connection:
                connection.execute(text(f"update publish_claims set pid = {NOBODY}"))
        self.counts[status.partition(":")[0]] += 1
        if step.kill and status == "killed":
            self.counts[f"killed at {step.kill[0]}"] += 1
        return status

    def _promote(self, step: Step) -> None:
        people = [(customer(number, state), state) for number, state in enumerate(step.people)]
        gone = ("absent", "lost_and_gone", "forgotten")
        rows = [one for one, state in people if state not in gone] + [ANCHOR]
        contacts = [one for one, state in people if state != "forgotten"] + [ANCHOR]
        lost = [(one.key, "consent") for one, state in people if state.startswith("lost")]
        lost += [(one.key, "hold_out") for one, state in people if state == "held_out"]
        self.barred = {key for key, _ in lost}
        self.as_of = AS_OF - timedelta(days=1) if step.stale else AS_OF
        run = self.source.execute
        run("delete from live.publish.pub_loyal")
        run(f"insert into live.publish.pub_loyal values {_values([(one.key, one.stage, '12.50') for one in rows])}")
        run("delete from live.publish.pub_suppressions")
        if lost:
            values = _values([(key, "email", "said so", kind) for key, kind in lost])
            run(f"insert into live.publish.pub_suppressions values {values}")
        run("delete from people.contacts.contacts")
        values = _values([(one.key, one.address, None, one.first_name, "Example") for one in contacts])
        run(f"insert into people.contacts.contacts values {values}")

    def _arm(self, step: Step) -> None:
        tool: Tool = self.side.tool
        tool.check = self._check
        sent = len(tool.requests)
        tool.faults = {sent + at + more: fault for at, fault, times in step.faults for more in range(times)}
        self.side.trouble(step.trouble, step.looks)
        self.database.killer[0] = Killer(*step.kill) if step.kill else Killer()

    def _check(self, request: Request) -> None:
        told = self.side.told(request)
        self.wrongs += [f"{key} was sent although consent forbade it" for key in sorted(told & self.barred)]

    def _empty(self) -> None:
        self.side.reset()
        self.wrongs.clear()
        self.database.killer[0] = Killer()
        with Database(self.database.engine).writing() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.reading() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    @contextmanager
    def open_source(self, _settings: Any) -> Iterator[Source]:
        yield Source(self.source.cursor(), "build", self.as_of)


def _values(rows: Sequence[tuple[Any, ...]]) -> str:
    def quoted(value: Any) -> str:
        return "null" if value is None else f"'{value}'"

    return ", ".join(f"({', '.join(map(quoted, row))})" for row in rows)


DDL = """
attach ':memory:' as live; attach ':memory:' as people;
create schema live.publish; create schema people.contacts;
create table live.publish.pub_loyal (customer_key text, stage text, spent decimal(12, 2));
create table live.publish.pub_suppressions (customer_key text, channel text, reason text, kind text);
create table people.contacts.contacts (
    customer_key text, email text, phone text, first_name text, last_name text
);
"""


@contextmanager
def stage(side: Side, folder: Path) -> Iterator[Stage]:
    """Build a stage; meanwhile nothing in this process waits, and httpx opens one TLS context instead of many."""
    world = make_world(folder)
    world.configure(
        [QUICK | {"id": side.row["type"]} | side.row | WAITS], guard={"max_removal_share": 1, "min_members": 100}
    )
    database = KeptDatabase(open_database(world.settings).engine)
    one = Stage(side, world, database, duckdb.connect())
    one.source.execute("set threads = 1; pragma disable_optimizer")
    one.source.execute(DDL)
    side.tool.start()
    connection = {"conn_type": "http", "host": side.tool.url, "password": "key-of-the-test"}
    logger = logging.getLogger("include")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with ExitStack() as stack:
            stack.enter_context(mock.patch.dict("os.environ", {"AIRFLOW_CONN_TOOL": json.dumps(connection)}))
            for target, new in _patches(one).items():
                stack.enter_context(mock.patch(target, new))
            yield one
    finally:
        logger.setLevel(level)
        side.tool.stop()
        one.source.close()
        database.engine.dispose()


WAITS = {"connection": "tool", "attempts": ATTEMPTS, "first_wait_seconds": 0, "max_wait_seconds": 0}


def _patches(one: Stage) -> dict[str, Any]:
    clock = Clock()
    settings = one.world.settings
    rows, audience = load_destinations(settings), find_audience(AUDIENCE, one.side.row["type"], settings)
    send, write = httpx.Client.send, journal.write

    def sending(client: httpx.Client, *arguments: Any, **more: Any) -> httpx.Response:
        one.killer.step("request")
        response = send(client, *arguments, **more)
        one.killer.step("answered")
        return response

    def writing(*arguments: Any) -> None:
        one.killer.step("journal")
        if one.runs % 20 == 0:
            write(*arguments)

    return {
        "include.publisher.publish.find_audience": lambda *arguments: audience,
        "include.publisher.publish.load_audiences": lambda settings: {AUDIENCE: audience},
        "include.publisher.publish.higher_ranked": lambda *arguments: (),
        "include.publisher.publish.load_destinations": lambda settings: rows,
        "include.destinations.config.destination_type": functools.cache(config.destination_type),
        "include.publisher.publish.open_source": one.open_source,
        "include.publisher.publish.open_database": lambda settings: one.database,
        "include.publisher.publish.check_tables": lambda *arguments: None,
        "include.publisher.journal.write": writing,
        "include.destinations.credentials.find_credentials": functools.cache(credentials.find_credentials),
        "include.destinations.api.limiter": lambda windows: None,
        "include.destinations.klaviyo_api.time": clock,
        "include.destinations.klaviyo_people.time": clock,
        "httpx.Client.send": sending,
        "httpx._transports.default.create_ssl_context": functools.cache(httpx.create_ssl_context),
    }

"""A claim lets one process at a time publish a pair; it runs out by itself when that process dies."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from include.publisher.database import Database, Pair, of_pair
from include.publisher.errors import PublishBusy
from include.publisher.tables import claims

LEASE = timedelta(seconds=120)
RENEW_EVERY_SECONDS = 30.0
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claim:
    """The right to publish a pair; `owner` is unique to this claim."""

    pair: Pair
    owner: str

    def hold(self, connection: Connection) -> None:
        """Renew the claim inside a transaction, so that what else it writes counts only while the claim is ours.

        Raises:
            PublishBusy: another process has taken over, because this one was silent for longer than the lease.
        """
        mine = and_(of_pair(claims, self.pair), claims.c.owner == self.owner)
        renewed = connection.execute(update(claims).where(mine).values(expires_at=datetime.now(UTC) + LEASE))
        if renewed.rowcount != 1:
            raise PublishBusy(
                f"{self.pair}: another process took over after this one had been silent for {LEASE.seconds} seconds. "
                "What was confirmed is recorded; the other process sends the rest."
            )


def this_host() -> str:
    """Name the machine and, on Linux, the process-id namespace: across containers equal pids mean nothing."""
    namespace = ""
    with suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - Path.readlink() resolves it to a path
    return f"{socket.gethostname()} {namespace}".strip()


def is_alive(pid: int) -> bool:
    """Whether a process of this machine exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def claimed(database: Database, pair: Pair, run_id: str) -> Iterator[Claim]:
    """Claim a pair for the length of a block and keep the claim alive in the background.

    Raises:
        PublishBusy: another living process has it; says which, since when and until when at the latest.
    """
    claim = Claim(pair, secrets.token_hex(16))
    _acquire(database, claim, run_id)
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(database, claim, ended), daemon=True, name=f"claim {pair}")
    keeper.start()
    try:
        yield claim
    finally:
        ended.set()
        keeper.join()
        with database.writing() as connection:
            connection.execute(delete(claims).where(of_pair(claims, pair), claims.c.owner == claim.owner))


def _acquire(database: Database, claim: Claim, run_id: str) -> None:
    now = datetime.now(UTC)
    values = {
        "destination": claim.pair.destination,
        "audience": claim.pair.audience,
        "owner": claim.owner,
        "run_id": run_id,
        "host": this_host(),
        "pid": os.getpid(),
        "claimed_at": now,
        "expires_at": now + LEASE,
    }
    with database.writing() as connection:
        holder = connection.execute(select(claims).where(of_pair(claims, claim.pair))).mappings().one_or_none()
        if holder is not None:
            gone = holder["host"] == values["host"] and not is_alive(holder["pid"])
            if holder["expires_at"] > now and not gone:
                raise PublishBusy(_busy(claim.pair, holder))
            # Only while it is still the one just judged: on PostgreSQL two may come to the same judgement at once.
            connection.execute(delete(claims).where(of_pair(claims, claim.pair), claims.c.owner == holder["owner"]))
        try:
            connection.execute(insert(claims).values(values))
        except IntegrityError:
            raise PublishBusy(
                f"{claim.pair} is being published by a process that started at the same moment."
            ) from None


def _busy(pair: Pair, holder: Any) -> str:
    return (
        f"{pair} is being published by process {holder['pid']} on {holder['host']} (run {holder['run_id']}, since "
        f"{holder['claimed_at']:%Y-%m-%d %H:%M:%S} UTC). Nothing was sent by this one. Wait for it; if it died, "
        f"it loses its claim at {holder['expires_at']:%H:%M:%S} UTC."
    )


def _keep(database: Database, claim: Claim, ended: threading.Event) -> None:
    while not ended.wait(RENEW_EVERY_SECONDS):
        try:
            with database.writing() as connection:
                claim.hold(connection)
        except PublishBusy:
            return
        except SQLAlchemyError as error:
            log.warning("%s: the claim could not be renewed (%s); trying again", claim.pair, type(error).__name__)

"""Shopify's bulk operations: a list of any length as one file of JSON lines, put together into nested records again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import duckdb
import orjson
import requests

from include.sources.pull.base import Account, PullError, PullRefused
from include.sources.pull.client import Client
from include.sources.readers import one_file, quote
from include.sources.vendors import _shopify_queries as q
from include.sources.vendors._shopify_calls import Json, ask, complete_refunds_of

LONGEST_HOURS = 20.0
DOWNLOADS = 4
PAGE = 500
MEMORY = "300MB"
MAX_LINE_BYTES = 16 * 1024 * 1024
BUSY = frozenset({"OPERATION_IN_PROGRESS", "LIMIT_REACHED"})


def pages(account: Account, kind: q.Kind, query: str, poll_seconds: float) -> Iterator[list[Json]]:
    """Yield the records of a list, from a bulk operation over it.

    Raises:
        PullRefused: Shopify refuses the operation.
        PullError: it fails, or is not done after LONGEST_HOURS.
    """
    address, size = _finished(account, _started(account, kind, query, poll_seconds), poll_seconds)
    if address is None:  # there was nothing to write
        return
    with TemporaryDirectory(prefix="shopify_bulk_") as folder:
        path = Path(folder) / "operation.jsonl"
        _download(account, address, size, path)
        page: list[Json] = []
        for record in assembled(kind, _sorted_lines(path)):
            page.append(record)
            if len(page) == PAGE:
                yield complete_refunds_of(account, page) if kind.refunds else page
                page = []
        yield complete_refunds_of(account, page) if kind.refunds else page


def _started(account: Account, kind: q.Kind, query: str, poll_seconds: float) -> str:
    deadline = time.monotonic() + LONGEST_HOURS * 3600
    while time.monotonic() < deadline:
        found = ask(account, q.RUN_BULK, query=q.bulk_of(kind, query))["bulkOperationRunQuery"]
        if not found["userErrors"]:
            return found["bulkOperation"]["id"]
        if not {error["code"] for error in found["userErrors"]} <= BUSY:
            said = "; ".join(error["message"] for error in found["userErrors"])
            raise PullRefused(f"{account.source}: {account.client.host} refuses to read {kind.root} in bulk: {said}")
        time.sleep(poll_seconds)
    raise PullError(f"{account.source}: other bulk operations of the app ran for {LONGEST_HOURS:g} hours.")


def _finished(account: Account, operation: str, poll_seconds: float) -> tuple[str | None, int]:
    deadline = time.monotonic() + LONGEST_HOURS * 3600
    while time.monotonic() < deadline:
        found = ask(account, q.BULK, id=operation)["bulkOperation"]
        if found is None:
            raise PullError(f"{account.source}: {account.client.host} no longer knows its bulk operation {operation}.")
        if found["status"] == "COMPLETED":
            return found["url"], int(found["fileSize"] or 0)
        if found["status"] not in ("CREATED", "RUNNING"):
            raise PullError(
                f"{account.source}: a bulk operation of {account.client.host} ended as {found['status']} "
                f"({found['errorCode'] or 'no reason given'}), expected COMPLETED. Nothing was written; the next run "
                "starts it anew. When it always times out, set `since` and back-fill what lies before it in spans."
            )
        time.sleep(poll_seconds)
    raise PullError(f"{account.source}: a bulk operation took longer than {LONGEST_HOURS:g} hours.")


def _download(account: Account, address: str, size: int, path: Path) -> None:
    parts = urlsplit(address)
    # A client of its own: the file lies at another host, which must not see the shop's token.
    with closing(Client(account.source, f"{parts.scheme}://{parts.netloc}")) as client:
        last = "nothing came"
        for _ in range(DOWNLOADS):
            try:
                response = client.request("GET", f"{parts.path.lstrip('/')}?{parts.query}", stream=True)
                with path.open("wb") as file:
                    for chunk in response.iter_content(1 << 20):
                        file.write(chunk)
            except requests.RequestException as error:
                last = type(error).__name__
                continue
            if not size or path.stat().st_size == size:
                return
            last = f"{path.stat().st_size:,} bytes came, expected {size:,}"
    raise PullError(f"{account.source}: the file of a bulk operation could not be read to its end ({last}).")


def _sorted_lines(path: Path) -> Iterator[str]:
    """Yield the lines so that each record stands before its own children: Shopify promises only the former."""
    if path.stat().st_size == 0:
        return
    with duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(path.parent), "threads": 2}) as con:
        found = con.execute(
            "select line from (select line, row_number() over () as number,"
            " coalesce(json_extract_string(line, '$.__parentId'), json_extract_string(line, '$.id')) as record"
            f" from read_csv({one_file(path)}, columns = {{'line': 'varchar'}}, header = false, delim = '\x1f',"
            f" quote = '', escape = '', auto_detect = false, max_line_size = {MAX_LINE_BYTES}))"
            f" where line <> {quote('')} order by record, number"
        )
        while rows := found.fetchmany(10_000):
            yield from (line for (line,) in rows)


def assembled(kind: q.Kind, lines: Iterable[str]) -> Iterator[Json]:
    """Yield records with their connections, from lines in which each record is followed by its children.

    Raises:
        PullError: a line is no record and no child of the record before it.
    """
    names = {child.gid: child.name for child in kind.children}
    record: dict[str, Any] | None = None
    for line in lines:
        found = orjson.loads(line)
        parent = found.pop("__parentId", None)
        if parent is None:
            if record is not None:
                yield record
            record = found | {name: {"nodes": []} for name in names.values()}
            continue
        name = names.get(str(found.get("id")).split("/")[3] if found.get("id") else "")
        if record is None or record["id"] != parent or name is None:
            raise PullError(f"a bulk operation of {kind.root} holds a line that belongs to no record of it.")
        record[name]["nodes"].append(found)
    if record is not None:
        yield record

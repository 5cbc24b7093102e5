"""Shopify's GraphQL: the cost of each query paid for, its errors understood, connections read to their ends."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import msgspec
import requests

from include.sources.pull.base import Account, CursorExpired, PullError, PullRefused, Unparsed
from include.sources.vendors import _shopify_queries as q
from include.sources.vendors._shopify_pages import Answer, read_answer, read_record

PATH = f"admin/api/{q.VERSION}/graphql.json"
# Errors inside an answer of status 200 that pass by themselves.
PASSING = (b"THROTTLED", b"INTERNAL_SERVER_ERROR", b"TIMEOUT")
REFUNDS_AT_ONCE = 25
Json = dict[str, Any]


def passes(response: requests.Response) -> bool:
    """Whether an answer is an error that another attempt may not meet."""
    # Answers with records are long; looking through them all would cost more than reading them.
    content = response.content if int(response.headers.get("Content-Length") or 0) < 20_000 else b""
    return b'"errors"' in content and any(code in content for code in PASSING)


class TooCostly(PullError):
    """A single query costs more than Shopify allows for one."""


def ask(account: Account, document: str, /, **variables: Any) -> Json:
    """Return the data of one query.

    Raises:
        PullRefused: a scope is missing, or the query is wrong.
        CursorExpired: `after` is no cursor of this list any more.
        TooCostly: the page is too large.
        PullError: any other error.
    """
    return _answer(account, document, variables)["data"]


def _answer(account: Account, document: str, variables: Json) -> Json:
    answer = account.client.post(PATH, {"query": document, "variables": variables})
    if answer.get("errors"):
        raise _meant(account, answer["errors"])
    return answer


def _meant(account: Account, errors: Any) -> PullError:
    first = errors[0] if isinstance(errors, list) and errors else {"message": str(errors)}
    code = (first.get("extensions") or {}).get("code") or "an error"
    where = f"{account.source}: {account.client.host} answered {code}"
    message = str(first.get("message", ""))
    if code == "MAX_COST_EXCEEDED":
        return TooCostly(f"{where}: a single query may cost no more than 1,000 points.")
    if "cursor" in message.lower():
        return CursorExpired(f"{where}: the cursor of a page is no longer valid")
    if code == "ACCESS_DENIED":
        needed = (first.get("extensions") or {}).get("requiredAccess") or "a scope"
        return PullRefused(
            f"{where} for {'.'.join(map(str, first.get('path') or []))}; it needs {needed}. Add it to the app of the "
            f"Airflow connection '{account.credentials.connection}' and install the app again. Customers' names and "
            "addresses need access to protected customer data as well."
        )
    return PullRefused(
        f"{where}, expected data. The queries are those of version {q.VERSION}; `make check-sources` says more."
    )


def wait_for_points(answer: Mapping[str, Any]) -> None:
    """Wait until a query like the one answered can be paid again."""
    cost = (answer.get("extensions") or {}).get("cost") or {}
    status = cost.get("throttleStatus")
    if not status:
        return
    lacking = min(cost.get("requestedQueryCost") or 0, status["maximumAvailable"]) - status["currentlyAvailable"]
    if lacking > 0:
        time.sleep(lacking / status["restoreRate"])


def pages(account: Account, kind: q.Kind, query: str) -> Iterator[list[Json | Unparsed]]:
    """Yield the pages of a list, each record with all of its connections; the next page is asked for meanwhile."""
    text, size, after = q.page_of(kind), kind.page, None
    with ThreadPoolExecutor(1, thread_name_prefix="shopify") as ahead:

        def ask_for_page(spent: Json | None = None) -> Future[Answer]:
            return ahead.submit(_page, account, text, {"first": size, "after": after, "query": query}, spent)

        coming = ask_for_page()
        while True:
            try:
                answer = coming.result()
            except TooCostly:
                if size == 1:
                    raise
                size //= 2
                coming = ask_for_page()
                continue
            found = answer.data[kind.root]
            if (after := next_cursor(account, found.page_info, after)) is not None:
                coming = ask_for_page(answer.extensions)
            records = [read_record(raw, kind) for raw in found.nodes]
            yield [one if isinstance(one, Unparsed) else completed(account, kind, one) for one in records]
            if after is None:
                return


def _page(account: Account, document: str, variables: Json, spent: Json | None) -> Answer:
    wait_for_points({"extensions": spent})
    content = account.client.request("POST", PATH, json={"query": document, "variables": variables}).content
    try:
        answer = read_answer(content)
    except msgspec.DecodeError as error:
        raise PullError(
            f"{account.source}: {account.client.host} answered what is no page of records: {error}. Nothing was"
            " written; the next run reads the same window."
        ) from None
    if answer.errors:
        raise _meant(account, answer.errors)
    return answer


def next_cursor(account: Account, page: Mapping[str, Any], before: str | None) -> str | None:
    """Return the cursor of the page after this one, None at the end.

    Raises:
        PullError: it is the one that this page was asked with, so reading would never end.
    """
    if not page["hasNextPage"]:
        return None
    if page["endCursor"] is None or page["endCursor"] == before:
        raise PullError(f"{account.source}: {account.client.host} gave the same cursor twice; expected the next page.")
    return page["endCursor"]


def completed(account: Account, kind: q.Kind, record: Json) -> Json:
    """Return a record after reading what of its connections did not come with it."""
    for child in kind.children:
        _read_rest(account, kind.gid, record, child)
    if kind.refunds:
        if len(record["refunds"]) >= q.REFUNDS:
            found = ask(account, q.REFUNDS_OF_ORDER, id=record["id"])["order"]
            record["refunds"] = found["refunds"] if found else record["refunds"]
        _complete_refunds(account, record["refunds"])
    return record


def complete_refunds_of(account: Account, orders: list[Json]) -> list[Json]:
    """Return orders of a bulk operation with the connections of their refunds."""
    _complete_refunds(account, [refund for order in orders for refund in order["refunds"]])
    return orders


def _complete_refunds(account: Account, refunds: list[Json]) -> None:
    bare = {refund["id"]: refund for refund in refunds if q.OF_REFUND[0].name not in refund}
    ids = list(bare)
    for start in range(0, len(ids), REFUNDS_AT_ONCE):
        for found in ask(account, q.REFUNDS_BY_ID, ids=ids[start : start + REFUNDS_AT_ONCE])["nodes"]:
            if found:
                bare[found["id"]].update(found)
    for refund in refunds:
        for child in q.OF_REFUND:
            refund.setdefault(child.name, {"nodes": []})
            _read_rest(account, "Refund", refund, child)


def _read_rest(account: Account, parent: str, record: Json, child: q.Child) -> None:
    connection = record[child.name]
    page = connection.pop("pageInfo", None)
    cursor = next_cursor(account, page, None) if page else None
    while cursor is not None:
        found = ask(account, q.rest_of(parent, child), id=record["id"], after=cursor)["node"]
        if found is None:  # deleted meanwhile; its deletion comes with the next window
            return
        connection["nodes"] += found[child.name]["nodes"]
        cursor = next_cursor(account, found[child.name]["pageInfo"], cursor)

"""retailCRM's API v5: orders and customers by their history, then whole by their ids; products, groups, statuses whole.

The vendor publishes no machine-readable specification: this follows its documentation, clients and recorded answers.
docs/sources/retailcrm.md says what is unverified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator
from pydantic import Field
from requests import Response

from include.destinations.api import Window as Limit
from include.destinations.credentials import Credentials
from include.sources.pull.base import (
    Account,
    CursorExpired,
    Deleted,
    Finding,
    Options,
    Page,
    PullError,
    PullRefused,
    Reading,
    Resource,
    Vendor,
    Window,
)
from include.sources.pull.client import Client

# Of 20, 50 and 100, which are the only ones allowed.
LIMIT = 100
PER_SECOND = (Limit(10, 1),)
# Dates bear no offset. When clocks go back, an hour comes twice: what a window's end cuts off there, the next one has.
OVERLAP = timedelta(hours=2)
MOMENT = "%Y-%m-%d %H:%M:%S"


class RetailcrmOptions(Options):
    """What a source file may say.

    Attributes:
        statuses: status codes -> completed, pending, cancelled, where their group says something else.
        completed_groups: groups of statuses whose orders count as completed.
        cancelled_groups: groups of statuses whose orders count as cancelled; all others are pending.
        currency: of orders that name none, as old ones do.
    """

    statuses: dict[str, Literal["completed", "pending", "cancelled"]] = Field(default={})
    completed_groups: tuple[str, ...] = ("complete",)
    cancelled_groups: tuple[str, ...] = ("cancel",)
    currency: str = ""


def _open(source: str, known: Credentials, options: RetailcrmOptions) -> Client:
    if not (known.host and known.password):
        raise PullRefused(
            f"{source}: the Airflow connection '{known.connection}' needs host (https://shop.retailcrm.de) and "
            "password (the API key)."
        )
    return Client(
        source,
        known.host.rstrip("/") + "/api/v5",
        headers={"X-API-KEY": known.password},
        windows=PER_SECOND,
        connection=known.connection,
    )


def _resources(options: RetailcrmOptions) -> list[Resource]:
    return [
        Resource("orders", ("orders", "order_lines"), ("id",), Reading.CHANGES, _reader("order"), overlap=OVERLAP),
        Resource("customers", ("customers",), ("id",), Reading.CHANGES, _reader("customer"), overlap=OVERLAP),
        Resource("products", ("products",), ("id",), Reading.ALL, _list_of("/store/products", "products")),
        Resource("groups", ("products",), ("id",), Reading.ALL, _list_of("/store/product-groups", "productGroup")),
        Resource("statuses", ("orders",), ("code",), Reading.ALL, _statuses),
    ]


def _reader(kind: str) -> Callable[[Account, Window], Iterator[Page]]:
    """Read orders or customers: all of them the first time, those that the history names afterwards."""

    def read(account: Account, window: Window) -> Iterator[Page]:
        if window.start is None:
            yield from _listed(account.client, f"/{kind}s", f"{kind}s")
            return
        changed = _changed(account, window.start, window.end, kind)
        ids = sorted(changed)
        for place in range(0, len(ids), LIMIT):
            yield _whole(account.client, f"{kind}s", {name: changed[name] for name in ids[place : place + LIMIT]})

    return read


def _changed(account: Account, start: datetime, end: datetime, kind: str) -> dict[int, datetime]:
    """Ask the history which records changed, and when last.

    It goes on from the last entry's id: with a number of a page it would refuse.
    """
    zone = ZoneInfo(account.time_zone)
    bounds = {"startDate": f"{start.astimezone(zone):{MOMENT}}", "endDate": f"{end.astimezone(zone):{MOMENT}}"}
    changed: dict[int, datetime] = {}
    last = 0
    while True:
        asked = bounds | ({"sinceId": last} if last else {})
        params = {f"filter[{name}]": value for name, value in asked.items()} | {"limit": LIMIT}
        entries = _get(account.client, f"/{kind}s/history", params)["history"]
        for entry in entries:
            at = datetime.strptime(entry["createdAt"], MOMENT).replace(tzinfo=zone).astimezone(UTC)
            changed[entry[kind]["id"]] = max(at, changed.get(entry[kind]["id"], at))
        if not entries:
            return changed
        last = _advanced(last, entries)


def _advanced(last: int, entries: Sequence[Mapping[str, Any]]) -> int:
    found = max(entry["id"] for entry in entries)
    if found <= last:
        raise PullError(
            "retailCRM's history does not go on: sinceId was ignored. Nothing was written; run again later."
        )
    return found


def _whole(client: Client, name: str, changed: Mapping[int, datetime]) -> Page:
    """Read records by their ids; one that is not there any more was deleted, or merged into another."""
    params = {f"filter[ids][{place}]": number for place, number in enumerate(changed)} | {"limit": LIMIT}
    records = _get(client, f"/{name}", params)[name]
    gone = set(changed) - {record["id"] for record in records}
    return [*records, *(Deleted({"id": number}, changed[number]) for number in sorted(gone))]


def _list_of(path: str, records: str) -> Callable[[Account, Window], Iterable[Page]]:
    return lambda account, window: _listed(account.client, path, records)


def _listed(client: Client, path: str, records: str) -> Iterator[Page]:
    """Read a whole list by the number of the page, again from its start when a record has left it meanwhile."""
    totals: list[int] = []

    def check(response: Response) -> None:
        if not response.ok:
            return
        totals.append(_successful(response.json(), path)["pagination"]["totalCount"])
        if totals[-1] < max(totals):
            raise CursorExpired(f"{path}: a record left the list while it was read, and others moved up")

    pages = PageNumberPaginator(base_page=1, page_param="page", total_path="pagination.totalPageCount")
    return client.pages(path, {"limit": LIMIT}, records=records, paginator=pages, expect=check)


def _statuses(account: Account, window: Window) -> Iterator[Page]:
    yield list(_get(account.client, "/reference/statuses")["statuses"].values())


def _get(client: Client, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return _successful(client.get(path, params), path)


def _successful(answer: Any, path: str) -> dict[str, Any]:
    """Return an answer that says it is one; a refusal can come with HTTP 200."""
    if not isinstance(answer, dict) or answer.get("success") is not True:
        raise PullRefused(
            f"retailCRM refused {path} inside an answer of HTTP 200. Check the key's scopes and sites; "
            "`make check-sources` says which is missing."
        )
    return answer


def _check(account: Account) -> Iterator[Finding]:
    for path, scope in (("/orders", "order_read"), ("/orders/history", "order_read"), ("/customers", "customer_read")):
        yield from _tried(account.client, path, scope)
    yield from _tried(account.client, "/store/products", "store_read")
    yield from _tried(account.client, "/reference/statuses", "reference_read")
    yield _zone(account)


def _tried(client: Client, path: str, scope: str) -> Iterator[Finding]:
    try:
        _get(client, path, None if "reference" in path else {"limit": 20})
    except PullError as error:
        yield Finding(f"read {path}", f"{error} The key needs the scope {scope}.")
    else:
        yield Finding(f"read {path}")


def _zone(account: Account) -> Finding:
    try:
        zone = _get(account.client, "/settings")["settings"]["timezone"]["value"]
    except (PullError, KeyError):
        return Finding("time zone", "could not be read; give the key the scope settings_read, or compare it yourself.")
    if zone == account.time_zone:
        return Finding("time zone")
    return Finding("time zone", f"the account's is {zone}, the source file says {account.time_zone}; write {zone}.")


VENDOR = Vendor(open=_open, resources=_resources, check=_check, options=RetailcrmOptions)

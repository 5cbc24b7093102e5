"""WooCommerce's REST API wc/v3: orders with their refunds, products with their variations, customers, categories.

Lists are paged by place, ordered by id. Pages overlap by one record: when the first of a page is not among those that
came before, a record has left the list meanwhile and the places have moved, so the reader steps back. A record that
changes comes twice, therefore, and none is skipped. docs/sources/woocommerce.md says what cannot be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import count
from typing import Any

from dlt.sources.helpers.rest_client.paginators import BasePaginator
from pydantic import Field
from requests import Request, Response
from requests.auth import HTTPBasicAuth

from include.destinations.api import Window as Limit
from include.destinations.credentials import Credentials
from include.sources.pull.base import (
    Account,
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

API = "/wp-json/wc/v3"
PER_PAGE = 100
# Without a record that was not seen before.
MOST_STEPS_BACK = 50
# The lake keeps four places; with the shop's two, a line and its tax would not add up to the price with tax.
PLACES = 4
# A shop's own clock may be behind.
OVERLAP = timedelta(hours=1)
FEEDS = ("orders", "order_lines", "refunds", "coupon_redemptions")


class WooOptions(Options):
    """What a source file may say.

    Attributes:
        customer_role: role of the users that are customers; `all` brings the staff as well.
        full_products: read the whole catalogue each time, so that deleted products and variations are missed.
        requests_per_second: most requests; the API itself has no limit, many hosts do.
    """

    customer_role: str = "customer"
    full_products: bool = False
    requests_per_second: int = Field(default=10, gt=0)


class Overlapping(BasePaginator):
    """Pages by place whose first record is the last one of the page before."""

    def __init__(self) -> None:
        super().__init__()
        self._place, self._last, self._furthest, self._steps_back = 0, 0, 0, 0

    def init_request(self, request: Request) -> None:
        """Ask for the first page."""
        request.params |= {"orderby": "id", "order": "asc", "per_page": PER_PAGE, "offset": 0}

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Step on, or back where records before this page have left the list."""
        ids = [_id_of(record) for record in data or ()]
        if self._place and (not ids or ids[0] > self._last):
            self._step_back()
            return
        self._last = ids[-1] if ids else 0
        if self._last > self._furthest:
            self._furthest, self._steps_back = self._last, 0
        self._has_next_page = self._place + PER_PAGE < _total(response)
        self._place += PER_PAGE - 1

    def _step_back(self) -> None:
        # By half a page: a damaged record is counted but not shown, and were one first of the same page each time, that
        # page would never fit.
        self._place = max(0, self._place - PER_PAGE // 2)
        self._steps_back += 1
        if self._steps_back > MOST_STEPS_BACK:
            raise PullError(
                f"WooCommerce's list does not hold still after id {self._furthest}, or {PER_PAGE // 2} in a row are "
                "damaged: it counts them and does not show them. Nothing was written."
            )

    def update_request(self, request: Request) -> None:
        """Ask for the page of this place."""
        request.params["offset"] = self._place


def _id_of(record: Any) -> int:
    if not isinstance(record, dict) or not isinstance(record.get("id"), int):
        raise PullError("WooCommerce's answer is no list of records with an id; is a plugin answering in its place?")
    return record["id"]


def _total(response: Response) -> int:
    total = response.headers.get("X-WP-Total", "")
    if not total.isdigit():
        raise PullError(
            "WooCommerce's answer lacks the header X-WP-Total, without which nobody knows where the list ends; a cache "
            "or proxy before the shop drops it. Let it pass, or except /wp-json/ from it."
        )
    return int(total)


def _open(source: str, known: Credentials, options: WooOptions) -> Client:
    if not (known.host and known.login and known.password):
        raise PullRefused(
            f"{source}: the Airflow connection '{known.connection}' needs host (https://shop.example), login (consumer "
            "key) and password (consumer secret)."
        )
    return Client(
        source,
        known.host.rstrip("/") + API,
        auth=HTTPBasicAuth(known.login, known.password),
        windows=(Limit(options.requests_per_second, 1),),
        connection=known.connection,
    )


def _resources(options: WooOptions) -> list[Resource]:
    changed = "date_modified_gmt"
    catalogue = Reading.ALL if options.full_products else Reading.CHANGES
    return [
        Resource("orders", FEEDS, ("id",), Reading.CHANGES, _orders, version=changed, overlap=OVERLAP),
        Resource("products", ("products",), ("id",), catalogue, _products, version=changed, overlap=OVERLAP),
        Resource("categories", ("products",), ("id",), Reading.ALL, _categories),
        Resource("customers", ("customers",), ("id",), Reading.ALL, _customers, version=changed),
    ]


def _orders(account: Account, window: Window) -> Iterator[Page]:
    asked = {"dp": PLACES, **_within(window)}
    for page in account.client.pages("/orders", asked, paginator=Overlapping()):
        yield [_with_refunds(account.client, order) for order in page]
    yield from _trashed(account.client, "/orders", asked, window)


def _with_refunds(client: Client, order: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add what the order itself leaves out of its refunds: when, of which lines, how much tax."""
    if not order.get("refunds"):
        return order
    return {**order, "refund_records": _all_of(client, f"/orders/{order['id']}/refunds", {"dp": PLACES})}


def _products(account: Account, window: Window) -> Iterator[Page]:
    for page in account.client.pages("/products", _within(window), paginator=Overlapping()):
        yield [_with_variations(account.client, product) for product in page]
    yield from _trashed(account.client, "/products", _within(window), window)


def _with_variations(client: Client, product: Mapping[str, Any]) -> Mapping[str, Any]:
    if not product.get("variations"):
        return product
    return {**product, "variation_records": _all_of(client, f"/products/{product['id']}/variations", {})}


def _trashed(client: Client, path: str, asked: Mapping[str, Any], window: Window) -> Iterator[Page]:
    """Read what has gone to the trash, after what is there: nothing can go between the two unseen."""
    if window.start is None:
        return
    for page in client.pages(path, {**asked, "status": "trash"}, paginator=Overlapping()):
        yield [Deleted(record, _moment(record)) for record in page]


def _moment(record: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(record["date_modified_gmt"]).replace(tzinfo=UTC)


def _categories(account: Account, window: Window) -> Iterable[Page]:
    return account.client.pages("/products/categories", paginator=Overlapping())


def _customers(account: Account, window: Window) -> Iterable[Page]:
    asked = {"role": account.options.customer_role}
    return account.client.pages("/customers", asked, paginator=Overlapping())


def _within(window: Window) -> dict[str, Any]:
    if window.start is None:
        return {}
    # Both bounds are exclusive, and whole seconds.
    bounds = {"modified_after": window.start - timedelta(seconds=1), "modified_before": window.end}
    return {name: f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}" for name, at in bounds.items()} | {"dates_are_gmt": "true"}


def _all_of(client: Client, path: str, asked: Mapping[str, Any]) -> list[Any]:
    """Read the short list that belongs to one record; none of a record deleted meanwhile."""
    found: list[Any] = []
    for page in count(1):
        asked_now = {**asked, "orderby": "id", "order": "asc", "per_page": PER_PAGE, "page": page}
        records = client.get(path, asked_now, absent=(404,)) or []
        found += records
        if len(records) < PER_PAGE:
            break
    return found


def _check(account: Account) -> Iterator[Finding]:
    for path in ("orders", "products", "customers"):
        try:
            response = account.client.request("GET", f"/{path}", params={"per_page": 1})
        except PullError as error:
            yield Finding(
                f"read {path}",
                f"{error} The key needs the permission Read, and its user must be an administrator or shop manager.",
            )
            continue
        yield Finding(f"read {path}")
        if path == "orders":
            yield _clock(response)


def _clock(response: Response) -> Finding:
    behind = datetime.now(UTC) - parsedate_to_datetime(response.headers["Date"])
    if behind < OVERLAP / 2:
        return Finding("clock")
    minutes = round(behind.total_seconds() / 60)
    return Finding("clock", f"the shop's clock is {minutes} minutes behind; set it, or changes will be missed.")


VENDOR = Vendor(open=_open, resources=_resources, check=_check, options=WooOptions)

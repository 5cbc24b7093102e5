"""Shopify's Admin GraphQL API: customers, products, orders with their lines and refunds, abandoned checkouts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

import requests
from pydantic import Field
from requests.auth import AuthBase

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
from include.sources.vendors import _shopify_bulk as bulk
from include.sources.vendors import _shopify_calls as calls
from include.sources.vendors import _shopify_queries as q

HEADER = "X-Shopify-Access-Token"
SEEN_WITHOUT_ALL_ORDERS = timedelta(days=60)
# Shopify refuses the page after the 25,000th object of a list.
MOST_PAGED = 25_000
SCOPES = {
    "read_orders": "orders, refunds and abandoned checkouts",
    "read_all_orders": "orders placed more than 60 days ago",
    "read_customers": "customers",
    "read_products": "products",
    "read_inventory": "the cost of products",
}
Metafield = Annotated[str, Field(pattern=r"^[\w$:-]+\.[\w-]+$")]


class ShopifyOptions(Options):
    """Options of a source file.

    Attributes:
        money: whose currency amounts are in: the shop's, or the one the customer paid in.
        loyalty_metafield: `namespace.key` of the customer's metafield with the loyalty id; None = none.
        birth_date_metafield: likewise, with the date of birth.
        session_attribute: additional detail of an order or checkout that holds the web session's id.
        bulk_above: changed records above which a bulk operation reads them, not pages.
        poll_seconds: between two looks at a bulk operation.
    """

    money: Literal["shop", "presentment"] = "shop"
    loyalty_metafield: Metafield | None = None
    birth_date_metafield: Metafield | None = "facts.birth_date"
    session_attribute: Annotated[str, Field(pattern=r"^[\w .:-]+$")] = "session_id"
    bulk_above: Annotated[int, Field(ge=0, le=MOST_PAGED)] = MOST_PAGED
    poll_seconds: Annotated[float, Field(gt=0)] = 10.0


def open_client(source: str, credentials: Credentials, options: ShopifyOptions) -> Client:
    """Open the shop's API.

    Raises:
        PullRefused: the connection lacks the shop's address or the key.
    """
    if not credentials.host or not credentials.password:
        raise PullRefused(
            f"{source}: the Airflow connection '{credentials.connection}' needs the host my-shop.myshopify.com and, as "
            "password, the app's access token; or as login its client id and as password its client secret."
        )
    auth = _ClientCredentials(source, credentials) if credentials.login else _Token(credentials.password)
    return Client(
        source, credentials.host, auth=auth, connection=credentials.connection, throttles=calls.passes, attempts=8
    )


class _Token(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[HEADER] = self._token
        return request


class _ClientCredentials(AuthBase):
    """A token that lasts a day, had for the app's id and secret; a new one an hour before it lapses."""

    def __init__(self, source: str, credentials: Credentials) -> None:
        self._source, self._credentials = source, credentials
        self._token, self._lapses = "", 0.0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if time.monotonic() >= self._lapses:
            self._renew()
        request.headers[HEADER] = self._token
        return request

    def _renew(self) -> None:
        known = self._credentials
        form = {"grant_type": "client_credentials", "client_id": known.login, "client_secret": known.password}
        client = Client(self._source, known.host or "", connection=known.connection)
        try:
            answer = client.request("POST", "admin/oauth/access_token", data=form).json()
        finally:
            client.close()
        self._token = answer["access_token"]
        self._lapses = time.monotonic() + max(int(answer.get("expires_in", 86_400)) - 3600, 60)


def resources(options: ShopifyOptions) -> Sequence[Resource]:
    """Return what is read; orders carry their lines, shippings and refunds."""
    customers = q.customers(options.loyalty_metafield, options.birth_date_metafield)
    of_orders = ("orders", "order_lines", "refunds", "carts", "coupon_redemptions")
    return (
        _resource("customers", ("customers",), _read(customers, deletions_of="CUSTOMER")),
        # A product that is no longer in the catalogue has been sold: what is known of it stays.
        _resource("products", ("products",), _read(q.PRODUCTS)),
        _resource("orders", of_orders, _read(q.ORDERS, deletions_of="ORDER", before=_warn_of_hidden_orders)),
        _resource("abandoned_checkouts", ("carts",), _read(q.CHECKOUTS)),
    )


def _resource(name: str, feeds: tuple[str, ...], read: Callable[[Account, Window], Iterable[Page]]) -> Resource:
    return Resource(name, feeds, ("id",), Reading.CHANGES, read, version="updatedAt")


def _read(
    kind: q.Kind, deletions_of: str = "", before: Callable[[Account, Window], None] = lambda account, window: None
) -> Callable[[Account, Window], Iterable[Page]]:
    def read(account: Account, window: Window) -> Iterator[Page]:
        before(account, window)
        query, most = _within("updated_at", window), account.options.bulk_above
        counted = calls.ask(account, q.count_of(kind), query=query, limit=most + 1)[f"{kind.root}Count"]
        if counted and counted["count"] > most:
            yield from bulk.pages(account, kind, query, account.options.poll_seconds)
        else:
            yield from calls.pages(account, kind, query)
        # Whatever was deleted before the first window never comes.
        if deletions_of and window.start:
            yield from _deletions(account, deletions_of, window)

    return read


def _deletions(account: Account, subject: str, window: Window) -> Iterator[Page]:
    query = f"subject_type:{subject} AND action:destroy AND {_within('created_at', window)}"
    after = None
    while True:
        found = calls.ask(account, q.EVENTS, first=250, after=after, query=query)["events"]
        destroyed = [one for one in found["nodes"] if one.get("action") == "destroy" and one["subjectType"] == subject]
        yield [Deleted({"id": one["subjectId"]}, datetime.fromisoformat(one["createdAt"])) for one in destroyed]
        if (after := calls.next_cursor(account, found["pageInfo"], after)) is None:
            return


def _within(field: str, window: Window) -> str:
    end = f"{field}:<'{window.end:%Y-%m-%dT%H:%M:%SZ}'"
    return f"{field}:>='{window.start:%Y-%m-%dT%H:%M:%SZ}' AND {end}" if window.start else end


def _warn_of_hidden_orders(account: Account, window: Window) -> None:
    if window.start and window.end - window.start < SEEN_WITHOUT_ALL_ORDERS:
        return
    if "read_all_orders" not in _scopes(account):
        account.warn(
            f"{account.source}: the app lacks the scope read_all_orders, so Shopify shows no order placed more than 60 "
            "days ago: customers' first orders, cohorts and lifetime values will be wrong. Ask for the scope in the "
            "app's settings, install the app again, and load from the beginning."
        )


def _scopes(account: Account) -> set[str]:
    found = calls.ask(account, q.SCOPES)["currentAppInstallation"]["accessScopes"]
    return {scope["handle"] for scope in found}


def check(account: Account) -> Iterator[Finding]:
    """Try the key, each scope, and one record of each kind."""
    try:
        granted = _scopes(account)
    except PullError as error:
        yield Finding("connection", str(error))
        return
    yield Finding("connection")
    for scope, what in SCOPES.items():
        # Who may write may read.
        has = scope in granted or scope.replace("read_", "write_") in granted
        problem = f"the app may not read {what}; add the scope in the app's settings and install the app again."
        yield Finding(f"scope {scope}", None if has else problem)
    options = account.options
    for kind in (q.customers(options.loyalty_metafield, options.birth_date_metafield), q.PRODUCTS, q.ORDERS):
        try:
            calls.ask(account, q.page_of(kind), first=1, after=None, query="")
            yield Finding(kind.root)
        except PullError as error:
            yield Finding(kind.root, str(error))


VENDOR = Vendor(open=open_client, resources=resources, check=check, options=ShopifyOptions)

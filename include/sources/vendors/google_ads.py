"""Google Ads: what each ad and each campaign cost and brought in a day, by GAQL over the Google Ads API.

Campaigns are read beside the ads because some have no ads to be asked for, Performance Max above all. The mapping
takes of a campaign's day what its ads do not account for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import requests
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from google.auth import exceptions as auth_errors
from google.auth.transport.requests import Request
from google.oauth2 import credentials as user_credentials
from google.oauth2 import service_account
from pydantic import Field
from requests.auth import AuthBase

from include.destinations.api import LOOPBACK
from include.sources.pull.base import (
    Account,
    CursorExpired,
    Finding,
    Options,
    PullError,
    PullRefused,
    Reading,
    Resource,
    Vendor,
    Window,
)
from include.sources.pull.client import Client

if TYPE_CHECKING:
    from include.destinations.credentials import Credentials

API: Final = "https://googleads.googleapis.com"
TOKENS: Final = "https://oauth2.googleapis.com/token"
SCOPE: Final = "https://www.googleapis.com/auth/adwords"
METRICS: Final = "metrics.cost_micros, metrics.impressions, metrics.clicks, metrics.conversions"
ACCOUNT: Final = "customer.currency_code, customer.time_zone"
CAMPAIGN: Final = "campaign.id, campaign.name, campaign.advertising_channel_type"
# No filter on a status or on impressions: what was removed has cost money, and a click or a conversion may be booked on
# a day without an impression.
BETWEEN: Final = "WHERE segments.date BETWEEN '{first}' AND '{last}' ORDER BY segments.date"
WANTED: Final = f"segments.date, {CAMPAIGN}, {METRICS}, {ACCOUNT}"
CAMPAIGNS: Final = f"SELECT {WANTED} FROM campaign {BETWEEN}"
ADS: Final = f"SELECT {WANTED}, ad_group.id, ad_group_ad.ad.id FROM ad_group_ad {BETWEEN}"
ANSWER_SECONDS: Final = 300.0
EXPIRED: Final = frozenset({"EXPIRED_PAGE_TOKEN", "INVALID_PAGE_TOKEN"})
HINTS: Final = {
    "USER_PERMISSION_DENIED": "the user or service account has no access to customer_id, or only through a manager: "
    "name that one in the option login_customer_id",
    "CUSTOMER_NOT_FOUND": "there is no such customer_id",
    "CUSTOMER_NOT_ENABLED": "the account is cancelled or not yet set up",
    "REQUESTED_METRICS_FOR_MANAGER": "customer_id is a manager account: name the accounts below it, a source each",
    "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION": "the Google Cloud project may only read test accounts: apply for "
    "Explorer access on its page Google Ads API Overview",
    "UNSUPPORTED_VERSION": "this version of the API has been switched off: raise the option api_version",
}


class GoogleAdsOptions(Options):
    """Options of a source file.

    Attributes:
        customer_id: the account, digits only.
        login_customer_id: the manager account through which the credentials reach it; None when they reach it directly.
        look_back_days: conversions are booked on the day of the click, up to 90 days later.
        api_version: Google switches a version off about a year after its release.
    """

    customer_id: str = Field(pattern=r"^\d+$")
    login_customer_id: str | None = Field(default=None, pattern=r"^\d+$")
    look_back_days: int = Field(default=30, ge=1, le=90)
    api_version: str = Field(default="v26", pattern=r"^v\d+$")


def open_client(source: str, found: Credentials, options: GoogleAdsOptions) -> Client:
    """Open the client.

    Raises:
        PullRefused: the connection holds no usable credentials.
    """
    manager = options.login_customer_id
    headers = {"login-customer-id": manager} if manager else {}
    return Client(
        source,
        found.host or API,
        headers=headers,
        auth=_Signed(source, found),
        connection=found.connection,
        timeout_seconds=ANSWER_SECONDS,
    )


class _Signed(AuthBase):
    """Puts an access token on each request, a new one before the old one lapses."""

    def __init__(self, source: str, found: Credentials) -> None:
        self._source, self._connection = source, found.connection
        self._credentials = _credentials(source, found)
        self._transport = Request()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        try:
            self._credentials.before_request(self._transport, request.method, request.url, request.headers)
        except auth_errors.GoogleAuthError as error:
            # `from None`: the text of the cause quotes Google's answer.
            if isinstance(error, auth_errors.TransportError) or getattr(error, "retryable", False):
                raise PullError(f"{self._source}: Google gave no access token; the next attempt may succeed.") from None
            raise PullRefused(
                f"{self._source}: Google gives no access token for the Airflow connection '{self._connection}'. The "
                "refresh token has lapsed or was revoked, or the client or key is not its own; make it anew with the "
                f"scope {SCOPE}."
            ) from None
        return request


def _credentials(source: str, found: Credentials) -> Any:
    expected = (
        f"{source}: the password of the Airflow connection '{found.connection}' must be the JSON of a Google service "
        "account or of an authorized user (type, client_id, client_secret, refresh_token), its token_uri over https"
    )
    try:
        info = json.loads(found.password or "")
        tokens = urlsplit(info.get("token_uri", TOKENS))
        if tokens.scheme == "https" or tokens.hostname in LOOPBACK:
            if info["type"] == "service_account":
                return service_account.Credentials.from_service_account_info(info, scopes=[SCOPE])
            if info["type"] == "authorized_user":
                return user_credentials.Credentials(
                    None,
                    refresh_token=info["refresh_token"],
                    token_uri=tokens.geturl(),
                    client_id=info["client_id"],
                    client_secret=info["client_secret"],
                )
    except (ValueError, KeyError, TypeError, AttributeError, auth_errors.MalformedError):
        pass
    raise PullRefused(f"{expected}, and it is not.")


def read_days(account: Account, window: Window) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of campaigns, then those of ads, each with the `resourceName` of what it is about.

    The ads come last: were a day restated in between, they would account for more than their campaigns, never for less.
    """
    assert window.start is not None, "days have a beginning"
    last = (window.end - timedelta(days=1)).date()
    between = {"first": window.start.date().isoformat(), "last": last.isoformat()}
    for query, resource in ((CAMPAIGNS, "campaign"), (ADS, "adGroupAd")):
        for rows in _search(account.client, account.options, query.format(**between)):
            _refuse_other_zone(account, rows)
            yield [{"resourceName": row[resource]["resourceName"]} | row for row in rows]


def _search(client: Client, options: GoogleAdsOptions, query: str) -> Iterator[list[dict[str, Any]]]:
    return client.pages(
        f"/{options.api_version}/customers/{options.customer_id}/googleAds:search",
        json={"query": query},
        records="results",
        paginator=JSONResponseCursorPaginator(cursor_path="nextPageToken", cursor_body_path="pageToken"),
        expect=lambda response: _expect(client, response),
    )


def _expect(client: Client, response: requests.Response) -> None:
    if response.ok:
        return
    codes = _codes(response)
    where = f"{client.source}: Google Ads answered HTTP {response.status_code} ({', '.join(codes) or 'no code'})"
    if EXPIRED & set(codes):
        raise CursorExpired(where)
    hint = "; ".join(HINTS[code] for code in codes if code in HINTS)
    if hint:
        raise PullRefused(f"{where}: {hint}. Correct the source file or the Airflow connection '{client.connection}'.")


def _codes(response: requests.Response) -> list[str]:
    """Name an answer's errors; Google's texts are left out, they may quote the request."""
    try:
        details = response.json()["error"]["details"]
        return [str(code) for detail in details for one in detail["errors"] for code in one["errorCode"].values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _refuse_other_zone(account: Account, rows: Sequence[dict[str, Any]]) -> None:
    zone = rows[0]["customer"]["timeZone"] if rows else account.time_zone
    if zone != account.time_zone:
        raise PullRefused(
            f"{account.source}: the account counts its days in {zone}, the source file says {account.time_zone}. "
            f"Write time_zone: {zone}."
        )


def check(account: Account) -> Iterable[Finding]:
    """Read the account's description, then its smallest report."""
    options = account.options
    try:
        pages = _search(account.client, options, f"SELECT {ACCOUNT}, customer.manager FROM customer LIMIT 1")
        customer = next(pages)[0]["customer"]
    except PullError as error:
        yield Finding("account", str(error))
        return
    is_manager = customer.get("manager", False)
    yield Finding("account", f"{HINTS['REQUESTED_METRICS_FOR_MANAGER']}." if is_manager else None)
    wrong = f"write time_zone: {customer['timeZone']} in the source file, it says {account.time_zone}"
    yield Finding("time zone", None if customer["timeZone"] == account.time_zone else wrong)
    try:
        next(_search(account.client, options, f"SELECT campaign.id, {METRICS} FROM campaign LIMIT 1"), None)
    except PullError as error:
        yield Finding("reports", str(error))
    else:
        yield Finding("reports")


DAYS = Resource(
    name="days",
    feeds=("ad_performance",),
    key=("segments.date", "resourceName"),
    day="segments.date",
    reading=Reading.DAYS,
    read=read_days,
    look_back_days=30,
)

VENDOR = Vendor(
    open=open_client,
    resources=lambda options: (DAYS,),
    check=check,
    options=GoogleAdsOptions,
)

"""Meta Ads: what each ad cost and brought in a day, by reports of the Insights API that Meta prepares and we fetch."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from include.sources.pull.base import (
    Account,
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
from include.sources.vendors._meta_ads import TOO_FAST, After, TooMuchData, call, expect, is_passing, is_too_much

if TYPE_CHECKING:
    from include.destinations.credentials import Credentials

API: Final = "https://graph.facebook.com"
FIELDS: Final = (
    "account_id,account_currency,campaign_id,campaign_name,adset_id,adset_name,ad_id,ad_name,"
    "spend,impressions,clicks,inline_link_clicks,actions,action_values"
)
# Without this filter Meta leaves out ads that were archived or deleted since, with what they cost.
STATUSES: Final = (
    *("ACTIVE", "PAUSED", "ADSET_PAUSED", "CAMPAIGN_PAUSED", "ARCHIVED", "DELETED", "IN_PROCESS", "WITH_ISSUES"),
    *("PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO"),
)
DAYS_PER_REPORT: Final = 30
ROWS_PER_PAGE: Final = 500
ANSWER_SECONDS: Final = 120.0
REPORT_SECONDS: Final = 3600
"""Meta may take an hour for a report, its own retries included."""
LONGEST_LOOK_SECONDS: Final = 30.0


class MetaAdsOptions(Options):
    """Options of a source file.

    Attributes:
        account_id: the ad account, digits only, without act_.
        look_back_days: conversions are booked on the day of the click or view, up to 28 days later.
        attribution_windows: numbers of actions to read beside the ad set's own, into the raw records.
        conversion_action: action type that counts as a conversion.
        api_version: of the Graph API.
    """

    account_id: str = Field(pattern=r"^\d+$")
    look_back_days: int = Field(default=28, ge=1, le=90)
    # 7d_view and 28d_view are no longer to be had since 12 January 2026.
    attribution_windows: tuple[Literal["1d_view", "1d_ev", "1d_click", "7d_click", "28d_click"], ...] = (
        "7d_click",
        "1d_view",
    )
    conversion_action: str = Field(default="omni_purchase", pattern=r"^[a-z0-9_.]+$")
    api_version: str = Field(default="v26.0", pattern=r"^v\d+\.\d+$")


def open_client(source: str, found: Credentials, options: MetaAdsOptions) -> Client:
    """Open the client.

    Raises:
        PullRefused: the connection has no token.
    """
    if not found.password:
        raise PullRefused(
            f"{source}: the Airflow connection '{found.connection}' has no password, expected the access token of a "
            "system user."
        )
    return Client(
        source,
        f"{found.host or API}/{options.api_version}",
        headers={"Authorization": f"Bearer {found.password}"},
        connection=found.connection,
        throttles=is_passing,
        lasting=is_too_much,
        attempts=10,
        timeout_seconds=ANSWER_SECONDS,
    )


def read_days(account: Account, window: Window) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of one report per 30 days, of shorter ones where Meta finds that too much."""
    assert window.start is not None, "days have a beginning"
    zone = _description(account)["timezone_name"]
    if zone != account.time_zone:
        raise PullRefused(
            f"{account.source}: the account counts its days in {zone}, the source file says {account.time_zone}. "
            f"Write time_zone: {zone}."
        )
    first, end = window.start.date(), window.end.date()
    while first < end:
        last = min(first + timedelta(days=DAYS_PER_REPORT), end) - timedelta(days=1)
        yield from _read_span(account, first, last)
        first = last + timedelta(days=1)


def _description(account: Account) -> dict[str, Any]:
    path = f"/act_{account.options.account_id}"
    return call(account.client, "GET", path, params={"fields": "currency,timezone_name"})


def _read_span(account: Account, first: date, last: date) -> Iterator[list[dict[str, Any]]]:
    spent: dict[tuple[str, str], Decimal] = {}
    try:
        for rows in _report(account, first, last):
            spent |= {(row["date_start"], row["ad_id"]): Decimal(row["spend"]) for row in rows}
            yield rows
    except TooMuchData:
        if first == last:
            raise PullError(
                f"{account.source}: Meta finished no report of the single day {first}. Nothing was written; the next "
                "run reads the same days."
            ) from None
        # What came of the long report comes again; the same row counts once.
        middle = first + (last - first) // 2
        yield from _read_span(account, first, middle)
        yield from _read_span(account, middle + timedelta(days=1), last)
    else:
        _compare(account, first, last, spent)


def _report(account: Account, first: date, last: date) -> Iterator[list[dict[str, Any]]]:
    client, options = account.client, account.options
    started = call(
        client,
        "POST",
        f"/act_{options.account_id}/insights",
        data={
            "level": "ad",
            "time_increment": "1",
            "time_range": _range(first, last),
            "fields": FIELDS,
            "filtering": json.dumps([{"field": "ad.effective_status", "operator": "IN", "value": STATUSES}]),
            "action_attribution_windows": json.dumps(options.attribution_windows),
            "use_unified_attribution_setting": "true",
        },
    )
    report = str(started["report_run_id"])
    _wait_for(account, report)
    return client.pages(
        f"/{report}/insights",
        {"limit": ROWS_PER_PAGE},
        records="data",
        paginator=After(),
        expect=lambda response: expect(client, response),
    )


def _wait_for(account: Account, report: str) -> None:
    """Wait until a report is ready.

    Raises:
        TooMuchData: it failed; a shorter one may not.
        PullError: it is not ready in time, or there were too many requests.
    """
    until, wait = time.monotonic() + REPORT_SECONDS, 0.5
    while True:
        found = call(account.client, "GET", f"/{report}")
        status = found.get("async_status")
        if status == "Job Completed" and found.get("async_percent_completion") == 100:
            return
        if status in ("Job Failed", "Job Skipped"):
            if found.get("error_code") in TOO_FAST:
                raise PullError(
                    f"{account.source}: a report of Meta failed for too many requests (code {found['error_code']}). "
                    "Nothing was written; the next run reads the same days."
                )
            raise TooMuchData
        if time.monotonic() + wait > until:
            raise PullError(
                f"{account.source}: a report of Meta is at '{status}' after {REPORT_SECONDS} seconds. Nothing was "
                "written; the next run reads the same days."
            )
        time.sleep(wait)
        wait = min(wait * 2, LONGEST_LOOK_SECONDS)


def _compare(account: Account, first: date, last: date, spent: dict[tuple[str, str], Decimal]) -> None:
    """Warn of days on which the account spent more than its ads."""
    of_ads: dict[str, Decimal] = defaultdict(Decimal)
    for (day, _), amount in spent.items():
        of_ads[day] += amount
    query = {"level": "account", "time_increment": 1, "time_range": _range(first, last), "fields": "spend"}
    found = call(account.client, "GET", f"/act_{account.options.account_id}/insights", params=query | {"limit": 100})
    for row in found["data"]:
        day, total = row["date_start"], Decimal(row["spend"])
        if total - of_ads[day] > max(Decimal(1), total / 100):
            account.warn(
                f"{account.source}: on {day} the account spent {total}, its ads {of_ads[day]}; Meta tells of no ad for "
                "the rest."
            )


def _range(first: date, last: date) -> str:
    return json.dumps({"since": first.isoformat(), "until": last.isoformat()})


def check(account: Account) -> Iterable[Finding]:
    """Read the token's permissions, the account's description and its smallest report."""
    client, options = account.client, account.options
    try:
        granted = {
            one["permission"] for one in call(client, "GET", "/me/permissions")["data"] if one["status"] == "granted"
        }
        missing = None if granted & {"ads_read", "ads_management"} else "the token lacks it; make it anew with it."
        yield Finding("permission ads_read", missing)
        zone = _description(account)["timezone_name"]
        wrong = f"write time_zone: {zone} in the source file, it says {account.time_zone}"
        yield Finding("time zone", None if zone == account.time_zone else wrong)
        query = {"level": "account", "date_preset": "yesterday", "fields": "spend", "limit": 1}
        call(client, "GET", f"/act_{options.account_id}/insights", params=query)
        yield Finding("reports")
    except PullError as error:
        yield Finding("account", str(error))


DAYS = Resource(
    name="days",
    feeds=("ad_performance",),
    key=("date_start", "ad_id"),
    day="date_start",
    reading=Reading.DAYS,
    read=read_days,
    look_back_days=28,
)

VENDOR = Vendor(
    open=open_client,
    resources=lambda options: (DAYS,),
    check=check,
    options=MetaAdsOptions,
)

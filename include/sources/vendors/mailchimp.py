"""Mailchimp: campaigns, what happened to their mails, and consents; docs/sources/mailchimp.md describes it.

Lists go by place. A record that leaves one moves the places of all after it, so each page begins with the last record
of the page before; where it does not, or where records are missing at the end, the list is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field
from requests.auth import HTTPBasicAuth

from include.destinations.base import DestinationRefused
from include.destinations.credentials import Credentials
from include.destinations.mailchimp_api import base_url, is_throttling
from include.sources.pull.base import (
    Account,
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

# "Maximum value is 1000" in the description of version 3.0.55; Mailchimp ends a call after 120 seconds.
PER_PAGE = 1000
TIMEOUT_SECONDS = 125
TRIES_OF_A_LIST = 5
# Without a status Mailchimp lists no archived contacts.
STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional", "archived")
# Sending may take a day where each mail leaves at the same hour of its recipient's zone.
SENDING = timedelta(days=3)


class MailchimpOptions(Options):
    """Keys below `options`.

    Attributes:
        lists: ids of the lists (audiences) to read; empty: all.
        customer_merge_field: merge tag that holds the shop's customer id; empty: there is none.
        activity_days: how long after it was sent a campaign's openings, clicks and unsubscriptions are read.
    """

    lists: tuple[str, ...] = ()
    customer_merge_field: str = Field(default="", pattern=r"^[A-Z0-9_]{0,10}$")
    activity_days: int = Field(default=90, ge=1)


def open_client(source: str, credentials: Credentials, options: MailchimpOptions) -> Client:
    """Open the API with a key, whose end names the data centre.

    Raises:
        PullRefused: the connection has no key, or one without a data centre.
    """
    try:
        address, key = base_url(credentials), credentials.secret()
    except DestinationRefused as error:
        raise PullRefused(f"{source}: {error}") from None
    return Client(
        source,
        address,
        auth=HTTPBasicAuth("perennial", key),
        connection=credentials.connection,
        throttles=is_throttling,  # type: ignore[arg-type]
        timeout_seconds=TIMEOUT_SECONDS,
    )


def read_campaigns(account: Account, window: Window) -> Iterator[Page]:
    """Yield all campaigns of the lists."""
    for page in _listed(account, "/campaigns", "campaigns", {"sort_field": "create_time", "sort_dir": "ASC"}):
        yield [one for one in page if _is_wanted(account, one)]


def read_automation_emails(account: Account, window: Window) -> Iterator[Page]:
    """Yield the mails of classic automations."""
    for page in _listed(account, "/automations", "automations", {}):
        for workflow in page:
            if _is_wanted(account, workflow):
                yield account.client.get(f"/automations/{workflow['id']}/emails")["emails"]


def read_sent_to(account: Account, window: Window) -> Iterator[Page]:
    """Yield the recipients of each campaign sent in a window."""
    yield from _reports(account, window, SENDING, "sent-to", "sent_to", "email_id")


def read_activity(account: Account, window: Window) -> Iterator[Page]:
    """Yield who opened, clicked or bounced in a window, of each campaign that still counts; automations always do."""
    since = {"since": _iso(window.start)} if window.start else {}
    old = timedelta(days=account.options.activity_days)
    yield from _reports(account, window, old, "email-activity", "emails", "email_id", since)
    for page in read_automation_emails(account, window):
        for mail in page:
            path = f"/reports/{mail['id']}/email-activity"  # type: ignore[index]
            yield from _listed(account, path, "emails", since, "email_id")


def read_unsubscribed(account: Account, window: Window) -> Iterator[Page]:
    """Yield who unsubscribed from each campaign that still counts."""
    old = timedelta(days=account.options.activity_days)
    yield from _reports(account, window, old, "unsubscribed", "unsubscribes", "email_id")


def read_abuse(account: Account, window: Window) -> Iterator[Page]:
    """Yield the spam reports of each campaign that still counts; the description knows no pages of them."""
    for campaign in _sent(account, window, timedelta(days=account.options.activity_days)):
        answer = account.client.get(f"/reports/{campaign['id']}/abuse-reports")
        reports = answer["abuse_reports"]
        if len(reports) < answer["total_items"]:
            account.warn(
                f"{account.source}: Mailchimp shows {len(reports)} of {answer['total_items']} spam reports on campaign "
                f"{campaign['id']}; the others are not read."
            )
        yield reports


def read_members(account: Account, window: Window) -> Iterator[Page]:
    """Yield the contacts changed since a window's start, of every status.

    The window's end bounds nothing: a contact that changes meanwhile would leave the list and move the others.
    """
    since = {"since_last_changed": _iso(window.start)} if window.start else {}
    for list_id in account.options.lists or _all_lists(account):
        for status in STATUSES:
            asked = since | {"status": status, "sort_field": "timestamp_opt", "sort_dir": "ASC"}
            yield from _listed(account, f"/lists/{list_id}/members", "members", asked)


def check(account: Account) -> Iterable[Finding]:
    """Try the key and each list. A key of Mailchimp has no scopes: it may do what its user may."""
    paths = ["/campaigns", "/automations", "/lists", *(f"/lists/{one}/members" for one in account.options.lists)]
    for path in paths:
        try:
            status = account.client.request("GET", path, params={"count": 1}, accept=(401, 403, 404)).status_code
        except PullError as error:
            yield Finding(path, str(error))
            continue
        if status == 401:
            yield Finding(path, "Mailchimp does not know the key; is the data centre at its end the right one?")
            return
        told = {403: "the key's user may not read this; it needs the role Manager.", 404: "there is no such list."}
        yield Finding(path, told.get(status))


def _reports(
    account: Account,
    window: Window,
    after_sending: timedelta,
    report: str,
    records: str,
    key: str,
    asked: Mapping[str, Any] | None = None,
) -> Iterator[Page]:
    for campaign in _sent(account, window, after_sending):
        for page in _listed(account, f"/reports/{campaign['id']}/{report}", records, asked or {}, key):
            # A recipient's record does not say when the mail was sent; the campaign's does.
            yield [one | {"send_time": campaign["send_time"]} for one in page]


def _sent(account: Account, window: Window, after_sending: timedelta) -> Iterator[Mapping[str, Any]]:
    """Yield the campaigns of the lists sent before a window's end and not long before its start."""
    asked = {"status": "sent", "before_send_time": _iso(window.end), "sort_field": "send_time", "sort_dir": "ASC"}
    if window.start:
        asked["since_send_time"] = _iso(window.start - after_sending)
    sent = {one["id"]: one for page in _listed(account, "/campaigns", "campaigns", asked) for one in page}
    yield from (one for one in sent.values() if _is_wanted(account, one))


def _is_wanted(account: Account, sending: Mapping[str, Any]) -> bool:
    lists = account.options.lists
    return not lists or (sending.get("recipients") or {}).get("list_id") in lists


def _all_lists(account: Account) -> list[str]:
    asked = {"sort_field": "date_created", "sort_dir": "ASC"}
    return sorted({one["id"] for page in _listed(account, "/lists", "lists", asked) for one in page})


def _listed(
    account: Account, path: str, records: str, asked: Mapping[str, Any], key: str = "id"
) -> Iterator[list[dict[str, Any]]]:
    """Yield a list's pages, again from the start where the list moved meanwhile.

    Raises:
        PullError: it moved each time.
    """
    for _ in range(TRIES_OF_A_LIST):
        if (yield from _once(lambda query: account.client.get(path, query), records, asked, key)):
            return
    raise PullError(
        f"{account.source}: {path} changed {TRIES_OF_A_LIST} times while it was read. Nothing was written; the next "
        "run reads the same window."
    )


def _once(
    get: Callable[[Mapping[str, Any]], Any], records: str, asked: Mapping[str, Any], key: str
) -> Iterator[list[dict[str, Any]]]:
    """Yield the pages once; return whether nothing is missing."""
    seen: set[Any] = set()
    last, place = None, 0
    while True:
        answer = get({**asked, "offset": place, "count": PER_PAGE, "exclude_fields": f"_links,{records}._links"})
        page = answer[records]
        if last is not None and (not page or page[0][key] != last):
            return False
        yield page
        seen |= {one[key] for one in page}
        if len(page) < PER_PAGE:
            return len(seen) >= answer["total_items"]
        last, place = page[-1][key], place + PER_PAGE - 1


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def resources(options: MailchimpOptions) -> Sequence[Resource]:
    """Return what is read. Reports grow late: each run begins a day before the end of the one before."""
    late = timedelta(days=1)
    mail = ("campaign_id", "email_id")
    return (
        Resource("campaigns", ("email_campaigns",), ("id",), Reading.ALL, read_campaigns),
        Resource("automation_emails", ("email_campaigns",), ("id",), Reading.ALL, read_automation_emails),
        Resource("sent_to", ("email_events",), mail, Reading.CHANGES, read_sent_to, overlap=late),
        Resource("email_activity", ("email_events",), mail, Reading.CHANGES, read_activity, overlap=late),
        Resource("unsubscribed", ("email_events",), mail, Reading.CHANGES, read_unsubscribed, overlap=late),
        Resource("abuse_reports", ("email_events",), ("id",), Reading.CHANGES, read_abuse, overlap=late),
        Resource("members", ("consents",), ("list_id", "id"), Reading.CHANGES, read_members, version="last_changed"),
    )


VENDOR = Vendor(open=open_client, resources=resources, check=check, options=MailchimpOptions)

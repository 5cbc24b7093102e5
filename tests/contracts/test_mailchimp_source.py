"""Reading Mailchimp from its stand-in: requests and answers fit its description; nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from include.demo.apis.mailchimp import KEY, MailchimpApi
from include.demo.tools.base import Answer, Request
from include.demo.tools.mailchimp import subscriber_hash
from include.sources.check import check_source
from include.sources.pull.base import PullError, PullRefused
from include.sources.pull.client import Client
from include.sources.vendors import mailchimp
from tests.contracts.answers import cached_answers, described
from tests.contracts.specs import Spec, cached_spec
from tests.support.pulling import Pulling, connect, started

ENTITIES = ("email_events", "email_campaigns", "consents")
FAULTS = ["500", "503", "429:0", "bare-403", "reset-before", "reset-after", "truncated", "hang-after"]
FILE, BASE = "mailchimp/openapi.json", "/3.0"
OPERATIONS = [
    f"GET {path}"
    for path in (
        "/lists",
        "/lists/{list_id}/members",
        "/campaigns",
        "/automations",
        "/automations/{workflow_id}/emails",
        *(f"/reports/{{campaign_id}}/{one}" for one in ("sent-to", "email-activity", "unsubscribed", "abuse-reports")),
    )
]
OLD = "2025-01-01T00:00:00+00:00"


def spec() -> Spec:
    return Spec(FILE, OPERATIONS, {"authorization": "Basic .+"}, base=BASE)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailchimpApi]:
    """A stand-in whose requests and answers are checked; pages have three records."""
    monkeypatch.setattr(mailchimp, "Client", partial(_quick, first_wait_seconds=0.01, attempts=3))
    monkeypatch.setattr(mailchimp, "PER_PAGE", 3)
    tool = MailchimpApi()
    described(tool, spec, FILE, BASE)
    with started(tool):
        connect(monkeypatch, tool, password=KEY)
        yield tool
    assert tool.violations == []


def _quick(*args: Any, **given: Any) -> Client:
    return Client(*args, **(given | {"timeout_seconds": 2}))


def source(folder: Path, **options: Any) -> Pulling:
    return Pulling(folder, source="mail", vendor="mailchimp", connection="tool", options=options)


def address(number: int) -> str:
    return f"p{number:02d}@people.example"


def report(number: int, **more: Any) -> dict[str, Any]:
    known = {"email_id": subscriber_hash(address(number)), "email_address": address(number)}
    return {"campaign_id": "K1", "list_id": "L1"} | known | more


def act(action: str, at: str, **more: Any) -> dict[str, Any]:
    return {"action": action, "timestamp": at} | more


def a_campaign(api: MailchimpApi, recipients: int = 7) -> None:
    """K1 was sent to p00 … on 1 May; some opened, clicked, bounced, left or complained on the 2nd."""
    api.add_campaign("K1", "L1", "2025-05-01T08:00:00+00:00", title="May")
    fields = {"merge_fields": {"CUSTID": "C7"}}
    api.reports["K1", "sent_to"] = [report(n, status="hard" if n == 3 else "sent", **fields) for n in range(recipients)]
    second = "2025-05-02T08:00:00+00:00"
    activity = {
        0: [act("open", second, ip="10.0.0.1"), act("click", second, url="https://shop.example/a")],
        1: [act("open", second), act("open", "2025-05-03T08:00:00+00:00")],
        3: [act("bounce", second, type="hard")],
    }
    api.reports["K1", "emails"] = [report(n, activity=activity.get(n, [])) for n in range(recipients)]
    api.reports["K1", "unsubscribes"] = [report(4, timestamp=second, reason="None given", **fields)]
    api.reports["K1", "abuse_reports"] = [report(5, id=11, date=second, **fields)]


def before(api: MailchimpApi, path: str, number: int, do: Callable[[], None]) -> None:
    """Do something before the n-th request of a path is answered."""
    check, seen = api.check, []

    def hooked(request: Request) -> Answer | None:
        if request.path == f"/3.0{path}":
            seen.append(request)
            if len(seen) == number:
                do()
        return check(request) if check else None

    api.check = hooked


def kinds(pulling: Pulling) -> list[tuple[str, str]]:
    return sorted((row["email"][:3], row["event_type"]) for row in pulling.rows("email_events"))


EVERYTHING = sorted(
    [(f"p{n:02d}", "sent") for n in range(7)]
    + [("p00", "opened"), ("p00", "clicked"), ("p01", "opened"), ("p01", "opened"), ("p03", "bounced")]
    + [("p04", "unsubscribed"), ("p05", "spam_reported")]
)


def test_what_happened_to_a_campaign(api: MailchimpApi, tmp_path: Path) -> None:
    a_campaign(api)
    pulling = source(tmp_path, customer_merge_field="CUSTID")
    pulling.pull("2025-05-10", ENTITIES)
    assert kinds(pulling) == EVERYTHING
    rows = pulling.rows("email_events")
    assert {row["campaign_id"] for row in rows} == {"K1"}
    assert {row["event_at"].isoformat() for row in rows if row["event_type"] == "sent"} == {"2025-05-01T08:00:00"}
    # What people did bears no merge fields.
    told = {row["event_type"] for row in rows if row["customer_id"] == "C7"}
    assert told == {"sent", "unsubscribed", "spam_reported"}
    assert [(row["campaign_id"], row["name"]) for row in pulling.rows("email_campaigns")] == [("K1", "May")]


@pytest.mark.slow
def test_runs_of_a_day_come_to_the_same_as_one(api: MailchimpApi, tmp_path: Path) -> None:
    a_campaign(api)
    for number in range(5):
        api.put_member("L1", address(number), "subscribed", OLD, f"2025-05-0{number + 1}T00:00:00+00:00")
    (tmp_path / "daily").mkdir()
    daily, once = source(tmp_path / "daily"), source(tmp_path)
    for day in (2, 3, 4, 9):
        daily.pull(f"2025-05-{day:02d}", ENTITIES)
    once.pull("2025-05-09", ENTITIES)
    for entity in ENTITIES:
        assert daily.rows(entity) == once.rows(entity)


def test_activity_is_read_for_as_long_as_the_options_say(api: MailchimpApi, tmp_path: Path) -> None:
    """Known-bad: what comes after activity_days is not read."""
    a_campaign(api)
    pulling = source(tmp_path, activity_days=5)
    pulling.pull("2025-05-04", ENTITIES)
    api.reports["K1", "emails"][2]["activity"] = [act("open", "2025-05-05T08:00:00+00:00")]
    pulling.pull("2025-05-09", ENTITIES)
    api.reports["K1", "emails"][6]["activity"] = [act("open", "2025-05-10T08:00:00+00:00")]
    pulling.pull("2025-05-12", ENTITIES)
    opened = {person for person, kind in kinds(pulling) if kind == "opened"}
    assert opened == {"p00", "p01", "p02"}


def test_a_mail_of_an_automation(api: MailchimpApi, tmp_path: Path) -> None:
    workflow = {"id": "W1", "status": "sending", "recipients": {"list_id": "L1"}}
    api.automations = [workflow]
    settings = {"title": "Welcome", "subject_line": "Hello"}
    api.automation_emails["W1"] = [{"id": "A1", "workflow_id": "W1", "start_time": OLD, "settings": settings}]
    api.reports["A1", "emails"] = [report(1, activity=[act("open", "2025-05-02T08:00:00+00:00")], campaign_id="A1")]
    pulling = source(tmp_path)
    pulling.pull("2025-06-01", ENTITIES)
    [campaign] = pulling.rows("email_campaigns")
    assert (campaign["campaign_id"], campaign["name"], campaign["campaign_type"]) == ("A1", "Welcome", "flow")
    assert [(row["campaign_id"], row["event_type"]) for row in pulling.rows("email_events")] == [("A1", "opened")]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("number", [2, 5])
def test_a_passing_fault_changes_nothing(api: MailchimpApi, tmp_path: Path, fault: str, number: int) -> None:
    a_campaign(api)
    api.faults = {number: fault}
    pulling = source(tmp_path)
    pulling.pull("2025-05-10", ENTITIES)
    assert kinds(pulling) == EVERYTHING


def test_a_gate_that_stays_shut_is_no_refusal(api: MailchimpApi, tmp_path: Path) -> None:
    a_campaign(api)
    api.faults = dict.fromkeys(range(1, 9), "bare-403")
    with pytest.raises(PullError, match="Nothing was written; the next run reads the same window") as told:
        source(tmp_path).pull("2025-05-10", ENTITIES)
    assert not isinstance(told.value, PullRefused)


def test_a_refusal_is_told_at_once(api: MailchimpApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, api, password="another-us21")
    with pytest.raises(PullRefused, match="answered HTTP 401"):
        source(tmp_path).pull("2025-05-10", ENTITIES)
    assert len(api.requests) == 1


def members(api: MailchimpApi, count: int, status: str = "subscribed") -> None:
    for number in range(count):
        api.put_member("L1", address(number), status, f"2025-01-{number + 1:02d}T00:00:00+00:00", OLD)


def people(pulling: Pulling) -> dict[str, str]:
    rows = sorted(pulling.rows("consents"), key=lambda row: row["changed_at"])
    return {row["email"][:3]: row["status"] for row in rows}


def test_a_contact_that_leaves_the_list_while_it_is_read_hides_no_other(api: MailchimpApi, tmp_path: Path) -> None:
    members(api, 9)
    # One of the first page leaves: what was at place 3 is now at place 2, which was read before.
    leave = partial(api.put_member, "L1", address(0), "unsubscribed", OLD, "2025-05-09T12:00:00+00:00")
    before(api, "/lists/L1/members", 2, leave)
    pulling = source(tmp_path)
    pulling.pull("2025-05-10", ENTITIES)
    assert people(pulling) == {f"p{n:02d}": "withdrawn" if n == 0 else "granted" for n in range(9)}


def test_one_that_leaves_and_one_that_comes_do_not_hide_each_other(api: MailchimpApi, tmp_path: Path) -> None:
    """Known-bad for counting alone: the number of contacts stays the same."""
    members(api, 9)

    def exchange() -> None:
        api.put_member("L1", address(0), "cleaned", OLD, "2025-05-09T12:00:00+00:00")
        api.put_member("L1", address(20), "subscribed", "2025-05-09T12:00:00+00:00", "2025-05-09T12:00:00+00:00")

    before(api, "/lists/L1/members", 3, exchange)
    pulling = source(tmp_path)
    pulling.pull("2025-05-10", ENTITIES)
    assert set(people(pulling)) >= {f"p{n:02d}" for n in (*range(1, 9), 20)}


def test_a_list_that_never_rests_ends_the_run(api: MailchimpApi, tmp_path: Path) -> None:
    members(api, 9)
    check, numbers = api.check, iter(range(9))

    def restless(request: Request) -> Answer | None:
        if request.path == "/3.0/lists/L1/members" and request.query["offset"] != "0":
            api.put_member("L1", address(next(numbers)), "cleaned", OLD, OLD)
        return check(request) if check else None

    api.check = restless
    with pytest.raises(PullError, match="/lists/L1/members changed 5 times while it was read"):
        source(tmp_path).pull("2025-05-10", ENTITIES)


def test_archived_and_cleaned_contacts_are_read_and_only_the_archived_withdraw(
    api: MailchimpApi, tmp_path: Path
) -> None:
    members(api, 4)
    pulling = source(tmp_path)
    pulling.pull("2025-05-01", ENTITIES)
    later = "2025-05-01T12:00:00+00:00"
    for number, status in enumerate(("archived", "cleaned", "unsubscribed")):
        api.put_member("L1", address(number), status, OLD, later)
    pulling.pull("2025-05-02", ENTITIES)
    assert people(pulling) == {"p00": "withdrawn", "p01": "granted", "p02": "withdrawn", "p03": "granted"}
    asked = {one.query["status"] for one in api.requests if one.path == "/3.0/lists/L1/members"}
    assert asked == set(mailchimp.STATUSES)


def test_a_slow_clock_hides_no_change(api: MailchimpApi, tmp_path: Path) -> None:
    pulling = source(tmp_path)
    api.audiences["L1"] = {}
    pulling.pull("2025-05-01", ENTITIES)
    # Seen only now, five minutes behind.
    api.put_member("L1", address(1), "subscribed", OLD, "2025-04-30T23:55:00+00:00")
    pulling.pull("2025-05-02", ENTITIES)
    assert people(pulling) == {"p01": "granted"}


def test_only_the_lists_that_are_named(api: MailchimpApi, tmp_path: Path) -> None:
    members(api, 2)
    api.put_member("L2", address(9), "subscribed", OLD, OLD)
    api.add_campaign("K2", "L2", "2025-05-01T08:00:00+00:00")
    pulling = source(tmp_path, lists=["L1"])
    pulling.pull("2025-05-10", ENTITIES)
    assert people(pulling) == {"p00": "granted", "p01": "granted"}
    assert pulling.rows("email_campaigns") == []
    assert not [one for one in api.requests if "K2" in one.path]


def test_the_check_names_what_is_wrong(api: MailchimpApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members(api, 1)
    pulling = source(tmp_path, lists=["L1", "L9"])
    problems = [one.problem for one in check_source(pulling.path)]
    assert problems == [None, None, None, None, "there is no such list."]
    connect(monkeypatch, api, password="another-us21")
    [one] = check_source(pulling.path)
    assert one.problem == "Mailchimp does not know the key; is the data centre at its end the right one?"


@pytest.mark.parametrize(("password", "told"), [("", "has no password"), ("nocentre", "ends with the data centre")])
def test_a_key_without_a_data_centre_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str, told: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_TOOL", f'{{"conn_type": "http", "password": "{password}"}}')
    with pytest.raises(PullRefused, match=told):
        source(tmp_path).pull("2025-05-10", ENTITIES)


def test_a_bad_request_and_a_bad_answer_are_found() -> None:
    """Known-bad for what the fixture checks."""
    good = Request("GET", "/3.0/lists", {"count": "3"}, {"authorization": "Basic eDp5"}, b"")
    check = cached_spec(spec)
    check(good)
    for bad in (replace(good, query={"page": "3"}), replace(good, headers={}), replace(good, query={"count": "many"})):
        with pytest.raises(AssertionError):
            check(bad)
    answers = cached_answers(FILE, BASE)
    body: dict[str, Any] = {"lists": [{"id": "L1"}], "total_items": 1}
    assert answers.problem("GET", "/3.0/lists", Answer(200, body)) is None
    for wrong in ({"lists": [{"id": 7}]}, {"total_items": "one"}, {"lsits": []}):
        assert answers.problem("GET", "/3.0/lists", Answer(200, body | wrong))

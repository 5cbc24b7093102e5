"""Google's Customer Match against a gRPC stand-in made of Google's protos."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import google.ads.datamanager_v1 as dm
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from include.demo.tools.google_ads import GoogleAds, People
from include.destinations import google_ads as module
from include.destinations.base import DestinationRefused, DestinationUnavailable, Operation
from include.destinations.config import ConfigError, load_destinations
from include.destinations.credentials import Credentials
from include.destinations.google_calls import Google
from include.destinations.hashing import google_email, google_phone
from include.destinations.http import RetryRules
from tests.contracts.vendors import (
    assert_nothing_leaked,
    batch_of,
    connect,
    destination,
    everything_logged,
    go,
    keys,
    running,
    vendor_row,
)
from tests.unit.publisher.world import World, customers, make_world

LIST = "555"
GRANTED = {"ad_user_data": "granted", "ad_personalization": "granted"}


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[GoogleAds]:
    tool = GoogleAds(lists={LIST: People()})
    monkeypatch.setattr(module, "ROWS_PER_REQUEST", 10)
    with running(tool):
        connect(monkeypatch, host=tool.url)
        yield tool


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.delenv("PERENNIAL_LEDGER_KEY", raising=False)
    world = make_world(tmp_path)
    configure(world)
    return world


def configure(world: World, **row: Any) -> None:
    keys_ = {"account": "1234567890", "lists": {"loyal": LIST}, "consent": GRANTED, "terms_accepted": True}
    quick = {"poll_seconds": 0.05, "wait_seconds": 2}
    world.configure([vendor_row("google_ads", **(keys_ | quick | row))], contact_fields=["email", "first_name"])


def hashes(*numbers: int) -> set[str | None]:
    return {google_email(f"c{number:04d}@people.example") for number in numbers}


def sent(google: GoogleAds, method: str) -> list[Any]:
    return [call.request for call in google.calls if call.method == method]


def same_everywhere(world: World, google: GoogleAds, *numbers: int) -> None:
    assert google.members(LIST) == hashes(*numbers)
    assert world.confirmed("google_ads") == keys(customers(*numbers))


def test_who_joins_is_added_hashed_and_who_leaves_is_taken_out(world: World, google: GoogleAds) -> None:
    google.slow = 2
    configure(world, login_account="9876543210", consent=GRANTED | {"ad_personalization": "denied"})
    world.promote(customers(*range(25)))
    assert go(world).adds == 25
    same_everywhere(world, google, *range(25))
    uploads = sent(google, "ingest")
    assert [len(request.audience_members) for request in uploads] == [10, 10, 5]
    # All three are handed over before the first is looked at.
    assert [call.method for call in google.calls[:4]] == ["ingest", "ingest", "ingest", "status"]
    first = uploads[0]
    assert first.destinations[0].operating_account.account_id == "1234567890"
    assert first.destinations[0].login_account.account_id == "9876543210"
    assert first.destinations[0].product_destination_id == LIST
    assert (first.encoding, first.validate_only) == (dm.Encoding.HEX, False)
    assert first.consent.ad_user_data == dm.ConsentStatus.CONSENT_GRANTED
    assert first.consent.ad_personalization == dm.ConsentStatus.CONSENT_DENIED
    identifiers = first.audience_members[3].user_data.user_identifiers
    assert [one.email_address for one in identifiers] == [google_email("c0003@people.example")]
    world.promote(customers(*range(1, 25)), forgotten=customers(0))
    result = go(world, "tuesday")
    assert (result.adds, result.updates, result.removes) == (0, 0, 1)
    same_everywhere(world, google, *range(1, 25))
    assert len(sent(google, "ingest")) == 3
    before = len(sent(google, "ingest")) + len(sent(google, "remove"))
    assert go(world, "wednesday").unchanged == 24
    assert len(sent(google, "ingest")) + len(sent(google, "remove")) == before


def test_phones_go_with_their_plus_and_gmail_in_one_spelling(world: World, google: GoogleAds) -> None:
    there = destination(world)
    there.send(batch_of(1, contact={"email": "An.N+x@gmail.com", "phone": "+1 (800) 555-0100"}))
    there.close()
    assert google.members(LIST) == {google_email("ann@gmail.com"), google_phone("+18005550100")}


def test_who_cannot_be_found_any_more_stays_a_dead_letter_until_it_can(world: World, google: GoogleAds) -> None:
    world.promote(customers(1, 2))
    go(world)
    world.promote(customers(2), suppressed=[("c0001", "email")])
    assert go(world, "tuesday").rejected == 1
    [(reason, again)] = world.ledger("select reason, retryable from publish_dead_letters")
    assert "no contact data is left" in reason
    assert bool(again)
    assert world.confirmed("google_ads") == {"c0001", "c0002"}
    world.promote(customers(2), suppressed=[("c0001", "email")], forgotten=customers(1))
    assert go(world, "wednesday").removes == 1
    same_everywhere(world, google, 2)


def test_a_row_without_identifier_is_not_sent(world: World, google: GoogleAds) -> None:
    there = destination(world)
    receipt = there.send(batch_of(1, contact={"email": "no address", "first_name": "Xenia"}))
    there.close()
    assert [(one.customer_key, one.retryable) for one in receipt.rejected] == [("c0001", False)]
    assert google.calls == []


def test_rows_that_fail_in_processing_are_found(world: World, google: GoogleAds) -> None:
    google.bad = {google_email("c0007@people.example") or ""}
    world.promote(customers(*range(20)))
    assert go(world).rejected == 1
    same_everywhere(world, google, *(number for number in range(20) if number != 7))
    assert world.ledger("select customer_key, reason, retryable from publish_dead_letters") == [
        ("c0007", "Google: NO_CONSENT", 0)
    ]


def test_what_cannot_be_found_within_the_bound_is_said_so(world: World, google: GoogleAds) -> None:
    configure(world, search_requests=0)
    google.bad = {google_email("c0007@people.example") or ""}
    world.promote(customers(*range(20)))
    assert go(world).rejected == 10
    assert world.confirmed("google_ads") == keys(customers(*range(10, 20)))
    [(reason, again)] = world.ledger("select distinct reason, retryable from publish_dead_letters")
    assert (reason, bool(again)) == ("Google: NO_CONSENT: 1 of 10 rows sent together, not told which", True)
    google.bad = set()
    go(world, "tuesday")
    same_everywhere(world, google, *range(20))


@pytest.mark.parametrize(("names_rows", "requests"), [(True, 2), (False, 11)])
def test_rows_for_which_a_request_is_refused_are_found(
    world: World, google: GoogleAds, names_rows: bool, requests: int
) -> None:
    configure(world, search_requests=40)
    google.invalid, google.names_rows = {google_email(f"c000{at}@people.example") or "" for at in (0, 4)}, names_rows
    world.promote(customers(*range(10)))
    assert go(world).rejected == 2
    same_everywhere(world, google, 1, 2, 3, 5, 6, 7, 8, 9)
    assert len(sent(google, "ingest")) == requests


def test_when_every_row_is_refused_nobody_is_marked_as_bad(world: World, google: GoogleAds) -> None:
    google.bad = {one or "" for one in hashes(*range(20))}
    world.promote(customers(*range(20)))
    with pytest.raises(DestinationRefused, match=r"none was taken \(Google: NO_CONSENT\)"):
        go(world)
    assert world.ledger("select count(*) from publish_dead_letters") == [(0,)]
    google.bad = set()
    go(world, "tuesday")
    same_everywhere(world, google, *range(20))


@pytest.mark.parametrize("fault", ["unavailable", "internal", "quota", "unavailable-after", "hang-after", "twice"])
@pytest.mark.parametrize("number", [1, 3])
def test_what_passes_is_tried_again(world: World, google: GoogleAds, fault: str, number: int) -> None:
    """Calls 1 and 2 hand over, call 3 looks."""
    configure(world, timeout_seconds=0.5)
    google.faults = {number: fault}
    world.promote(customers(*range(15)))
    assert go(world).adds == 15
    same_everywhere(world, google, *range(15))
    asked = [call for call in google.calls if call.method != "user_list"]
    assert len(asked) == (4 if fault == "twice" else 5)


def test_a_request_that_is_not_processed_in_time_is_not_believed(world: World, google: GoogleAds) -> None:
    configure(world, wait_seconds=0.05)
    google.slow = 100
    world.promote(customers(1, 2))
    with pytest.raises(DestinationUnavailable, match="had not processed 2 rows"):
        go(world)
    assert world.confirmed("google_ads") == set()
    google.slow = 0
    go(world, "tuesday")
    same_everywhere(world, google, 1, 2)


def test_an_error_of_googles_own_is_nobodys_fault(world: World, google: GoogleAds) -> None:
    google.broken = {google_email("c0003@people.example") or ""}
    world.promote(customers(*range(15)))
    go(world)
    # The second request of five went well.
    assert world.confirmed("google_ads") == keys(customers(*range(10, 15)))
    assert world.ledger("select count(*) from publish_dead_letters") == [(0,)]
    google.broken = set()
    assert go(world, "tuesday").adds == 10
    same_everywhere(world, google, *range(15))


@pytest.mark.parametrize(
    ("row", "fault", "says"),
    [
        ({}, "denied", "PERMISSION_DENIED"),
        ({}, "not-allowed", "NOT_ALLOWLISTED"),
        ({"lists": {"loyal": "999"}}, "", "INVALID_USER_LIST_ID"),
        ({"lists": {"other": LIST}}, "", "says nothing of 'loyal'"),
        ({"account": "1"}, "", "PERMISSION_DENIED"),
    ],
)
def test_what_is_nobodys_row_stops_with_what_to_do(
    world: World, google: GoogleAds, row: dict[str, Any], fault: str, says: str
) -> None:
    configure(world, **row)
    google.faults = {1: fault}
    world.promote(customers(1, 2))
    with pytest.raises(DestinationRefused, match=says):
        go(world)
    assert world.ledger("select count(*) from publish_dead_letters") == [(0,)]


@pytest.mark.parametrize("key", ["consent", "terms_accepted"])
def test_consent_and_terms_are_never_assumed(world: World, google: GoogleAds, key: str) -> None:
    row = load_destinations(world.settings)["google_ads"].model_dump(mode="json")
    del row[key]
    world.configure([row])
    with pytest.raises(ConfigError, match=key):
        load_destinations(world.settings)


def test_validate_only_takes_and_confirms_nobody(world: World, google: GoogleAds) -> None:
    configure(world, validate_only=True)
    world.promote(customers(1, 2))
    go(world)
    assert google.members(LIST) == set()
    assert world.confirmed("google_ads") == set()
    assert sent(google, "status") == []
    configure(world)
    go(world, "tuesday")
    same_everywhere(world, google, 1, 2)


def test_read_back_is_an_estimate(world: World, google: GoogleAds) -> None:
    world.promote(customers(*range(25)))
    go(world)
    there = destination(world)
    held = there.read_back("loyal")
    there.close()
    assert (held.count, held.keys, held.tolerance) == (20, None, 1.0)


@pytest.mark.parametrize(
    ("host", "password", "says"),
    [
        ("http://example.com:80", None, "loopback only"),
        (None, None, "no password"),
        (None, "abc", "must be the JSON"),
        (None, '{"type": "service_account", "private_key": "a-secret"}', "must be the JSON"),
    ],
)
def test_credentials_that_cannot_be_used_say_so(host: str | None, password: str | None, says: str) -> None:
    with pytest.raises(DestinationRefused, match=says) as refused:
        Google("google_ads", Credentials("c", host, None, password), RetryRules(), 1)
    assert "a-secret" not in str(refused.value)


def service_account() -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    address = "https://127.0.0.1:9/token"
    return {"type": "service_account", "client_email": "a@b.example", "token_uri": address, "private_key": pem.decode()}


@pytest.mark.parametrize("kind", ["service_account", "authorized_user"])
def test_both_kinds_of_credentials_are_used(kind: str) -> None:
    """Against nobody: the token's address and the API's are closed ports of this machine."""
    user = {"type": kind, "client_id": "id", "client_secret": "s-e-c", "refresh_token": "r-e-f"}
    info = service_account() if kind == "service_account" else user
    found = Credentials("c", "https://127.0.0.1:9", None, json.dumps(info))
    there = Google("google_ads", found, RetryRules(1, 0.01, 0.05), 1)
    with pytest.raises(DestinationUnavailable) as failed:
        there.status(dm.RetrieveRequestStatusRequest(request_id="x"))
    assert not any(secret in str(failed.value) for secret in ("s-e-c", "r-e-f", "PRIVATE"))
    assert there._ingestion.transport.kind == "grpc"
    there.close()


def test_nothing_personal_is_written(world: World, google: GoogleAds, caplog: pytest.LogCaptureFixture) -> None:
    everything_logged(caplog)
    google.bad = {google_email("c0003@people.example") or ""}
    google.faults = {1: "quota"}
    world.promote(customers(*range(6), first_name="Xenia"))
    go(world)
    assert_nothing_leaked(caplog, world, [one or "" for one in hashes(*range(6))])
    assert "monday" in caplog.text


def test_the_stand_in_finds_what_must_not_be(world: World, google: GoogleAds) -> None:
    """The checks can fail: too many members, unhashed ones, a list emptied."""
    calls = Google("google_ads", Credentials("c", google.url), RetryRules(1), 2)
    there = destination(world)
    target = there._target("loyal")
    member = {"user_data": {"user_identifiers": [{"email_address": "a@b.example"}]}}
    terms = {"customer_match_terms_of_service_status": 1}
    for members in ([member], [member] * 10_001):
        request = dm.IngestAudienceMembersRequest(
            destinations=[target], audience_members=members, encoding=dm.Encoding.HEX, terms_of_service=terms
        )
        with pytest.raises(Exception, match=r"INVALID|TOO_MANY"):
            calls.ingest(request)
    calls._ingestion.remove_all_audience_members(dm.RemoveAllAudienceMembersRequest(destinations=[target]))
    assert len(google.violations) == 2
    assert google.forbidden == ["a list was emptied"]
    google.violations.clear()
    google.forbidden.clear()
    batch = batch_of(1, operation=Operation.REMOVE)
    assert there.send(replace(batch, operation=Operation.REMOVE)).accepted == ["c0001"]
    there.close()
    calls.close()

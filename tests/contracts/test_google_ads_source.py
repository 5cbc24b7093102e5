"""Google Ads, read: against a server that pages, limits and refuses as Google does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.demo.apis.google_ads import GoogleAds
from include.demo.apis.google_ads_feed import feed
from include.demo.tools.base import Request
from include.sources.mapping import MappingError
from include.sources.pull.base import PullError, PullRefused
from include.sources.vendors import google_ads
from tests.support.ads_bench import AdsBench, rows_of, write_day_file

ROWS = (
    "2025-03-01,google_ads,11,brand,21,31,1.25,100,7,0.50,EUR",
    "2025-03-01,google_ads,11,brand,21,32,0.02,0,0,0.00,EUR",
    "2025-03-02,google_ads,11,brand,21,31,3.10,90,5,1.35,EUR",
    "2025-03-02,google_ads,12,pmax,none,none,40.00,9000,210,6.00,EUR",
    "2025-03-03,google_ads,11,brand,21,31,2.00,80,4,0.00,EUR",
    "2025-03-03,meta_ads,51,other,61,71,9.00,80,4,0.00,EUR",
)


@pytest.fixture
def api() -> Iterator[GoogleAds]:
    api = GoogleAds()
    api.start()
    yield api
    api.stop()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: GoogleAds) -> AdsBench:
    feed(api, write_day_file(tmp_path, *ROWS))
    return make_bench(tmp_path, monkeypatch, api)


def make_bench(folder: Path, monkeypatch: pytest.MonkeyPatch, api: GoogleAds, **changed: Any) -> AdsBench:
    user = {
        "type": "authorized_user",
        "client_id": "client",
        "client_secret": "hush",
        "refresh_token": api.refresh_token,
        "token_uri": f"{api.url}/token",
    } | changed.pop("user", {})
    connection = {
        "conn_type": "generic",
        "host": api.url,
        "password": json.dumps(user),
    } | changed.pop("connection", {})
    options = {"customer_id": "1234567890"} | changed.pop("options", {})
    source = {
        "source": "google_ads",
        "vendor": "google_ads",
        "connection": "google_ads",
        "since": "2025-03-01",
        "options": options,
    } | changed
    return AdsBench(folder, monkeypatch, connection, **source)


def test_pulled_rows_are_those_of_the_files_with_the_spend_of_campaigns_without_ads(
    bench: AdsBench, tmp_path: Path
) -> None:
    assert bench.load("2025-03-04") == rows_of(tmp_path, "google_ads")


def test_what_google_does_not_take_is_not_asked_for(bench: AdsBench, api: GoogleAds) -> None:
    bench.pull("2025-03-04")
    searches = [one for one in api.requests if one.path.endswith(":search")]
    assert {one.path for one in searches} == {"/v26/customers/1234567890/googleAds:search"}
    assert all("status" not in one.json["query"] for one in searches)
    assert api.forbidden == []


def test_pages_of_one_row_come_to_the_same(bench: AdsBench, api: GoogleAds, tmp_path: Path) -> None:
    api.page_rows = 1
    assert bench.load("2025-03-04") == rows_of(tmp_path, "google_ads")


@pytest.mark.parametrize("fault", ["500", "429:0", "quota", "reset-before", "reset-after", "truncated", "503"])
def test_what_passes_is_tried_again(bench: AdsBench, api: GoogleAds, fault: str, tmp_path: Path) -> None:
    api.page_rows = 2
    api.faults = {3: fault}
    assert bench.load("2025-03-04") == rows_of(tmp_path, "google_ads")


def test_an_expired_page_token_reads_the_window_again(bench: AdsBench, api: GoogleAds, tmp_path: Path) -> None:
    api.page_rows = 1
    api.faults = {4: "error:400:requestError:EXPIRED_PAGE_TOKEN"}
    assert bench.load("2025-03-04") == rows_of(tmp_path, "google_ads")


def test_a_page_token_that_expires_each_time_writes_nothing(bench: AdsBench, api: GoogleAds) -> None:
    api.faults = dict.fromkeys(range(1, 40), "error:400:requestError:EXPIRED_PAGE_TOKEN") | {1: ""}
    with pytest.raises(PullError, match="EXPIRED_PAGE_TOKEN"):
        bench.pull("2025-03-04")
    assert bench.raw_files() == []


def test_a_row_restated_between_two_pages_counts_once_and_as_restated(bench: AdsBench, api: GoogleAds) -> None:
    api.page_rows = 1
    ads = 0

    def restate(request: Request) -> None:
        nonlocal ads
        ads += b"FROM ad_group_ad" in request.raw
        if ads == 2:
            feed(api, write_day_file(bench.path.parent, ROWS[0].replace("1.25", "1.75"), *ROWS[1:]))

    api.check = restate
    bench.pull("2025-03-04")
    api.check = None
    assert [row[6] for row in bench.load("2025-03-05") if row[0] == "2025-03-01"] == ["1.7500", "0.0200"]


def test_days_within_the_look_back_are_restated_and_older_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: GoogleAds
) -> None:
    feed(api, write_day_file(tmp_path, *ROWS))
    bench = make_bench(tmp_path, monkeypatch, api, options={"look_back_days": 2})
    bench.load("2025-03-04")
    later = ("2025-03-01,google_ads,11,brand,21,31,9.99,100,7,9.00,EUR", ROWS[2].replace("1.35", "2.35"))
    feed(api, write_day_file(tmp_path, *later))
    rows = bench.load("2025-03-05")
    assert [(row[0], row[5], row[9]) for row in rows if row[5] == "31"] == [
        ("2025-03-01", "31", "0.5000"),
        ("2025-03-02", "31", "1.3500"),
        ("2025-03-03", "31", "0.0000"),
    ]
    feed(api, write_day_file(tmp_path, *ROWS[:4], ROWS[4].replace(",0.00,", ",0.75,")))
    assert ("2025-03-03", "0.7500") in [(row[0], row[9]) for row in bench.load("2025-03-05")]


def test_an_access_token_that_lapses_is_replaced(bench: AdsBench, api: GoogleAds, tmp_path: Path) -> None:
    api.token_seconds = 1
    api.page_rows = 1
    assert bench.load("2025-03-04") == rows_of(tmp_path, "google_ads")
    assert sum(one.path == "/token" for one in api.requests) > 1


def test_a_service_account_signs_for_its_own_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: GoogleAds
) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    feed(api, write_day_file(tmp_path, *ROWS))
    account = {"type": "service_account", "client_email": "us@project.iam.gserviceaccount.com", "private_key": pem}
    bench = make_bench(tmp_path, monkeypatch, api, user=account | {"private_key_id": "1"})
    assert bench.load("2025-03-04") == rows_of(tmp_path, "google_ads")
    assert "assertion" in next(one.form for one in api.requests if one.path == "/token")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"user": {"refresh_token": "revoked"}}, "gives no access token"),
        ({"user": {"type": "external_account"}}, "must be the JSON of a Google service account"),
        ({"user": {"token_uri": "http://tokens.example.com/token"}}, "its token_uri over https"),
        ({"connection": {"password": "a key of something else"}}, "must be the JSON of a Google service account"),
        ({"options": {"customer_id": "99"}}, "USER_PERMISSION_DENIED.*login_customer_id"),
        ({"time_zone": "Europe/London"}, "Write time_zone: Europe/Berlin"),
    ],
)
def test_what_the_operator_must_change_is_said_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: GoogleAds, changed: dict[str, Any], said: str
) -> None:
    feed(api, write_day_file(tmp_path, *ROWS))
    bench = make_bench(tmp_path, monkeypatch, api, **changed)
    with pytest.raises(PullRefused, match=said) as caught:
        bench.pull("2025-03-04")
    assert "hush" not in str(caught.value)
    assert bench.raw_files() == []


def test_a_project_that_is_for_tests_only_is_told_what_to_apply_for(bench: AdsBench, api: GoogleAds) -> None:
    api.is_approved = False
    with pytest.raises(PullRefused, match=r"CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION.*Explorer access"):
        bench.pull("2025-03-04")


def test_an_answer_that_does_not_come_is_asked_for_again(
    bench: AdsBench, api: GoogleAds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(google_ads, "ANSWER_SECONDS", 0.5)
    api.faults = {3: "hang-after"}
    assert bench.load("2025-03-04") == rows_of(tmp_path, "google_ads")


def test_a_client_account_is_reached_through_its_manager(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: GoogleAds
) -> None:
    api.login_customer_id = "555"
    feed(api, write_day_file(tmp_path, *ROWS))
    bench = make_bench(tmp_path, monkeypatch, api, options={"login_customer_id": "555"})
    assert bench.load("2025-03-04") == rows_of(tmp_path, "google_ads")


def test_a_look_back_beyond_the_longest_conversion_window_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: GoogleAds
) -> None:
    bench = make_bench(tmp_path, monkeypatch, api, options={"look_back_days": 91})
    with pytest.raises(MappingError, match="look_back_days"):
        bench.pull("2025-03-04")


def test_check_says_what_is_wrong(bench: AdsBench, api: GoogleAds) -> None:
    assert [one.problem for one in bench.check()] == [None, None, None]
    api.customer = {"currencyCode": "EUR", "timeZone": "America/New_York", "manager": True}
    account, zone, reports = bench.check()
    assert "manager account" in str(account.problem)
    assert "America/New_York" in str(zone.problem)
    assert "REQUESTED_METRICS_FOR_MANAGER" in str(reports.problem)
    api.refresh_token = "another"
    assert "gives no access token" in str(bench.check()[0].problem)

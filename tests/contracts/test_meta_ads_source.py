"""Meta Ads, read: against a server that prepares reports, pages, limits and forgets as Meta does."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from include.demo.apis.meta_ads import MetaAds
from include.demo.apis.meta_ads_feed import feed
from include.demo.tools.base import Request
from include.sources.mapping import MappingError
from include.sources.pull.base import PullError, PullRefused
from include.sources.vendors import _meta_ads, meta_ads
from tests.contracts.insights_spec import InsightsSpec
from tests.contracts.specs import spec_file
from tests.support.ads_bench import AdsBench, rows_of, write_day_file

ROWS = (
    "2025-03-01,meta_ads,51,prospecting,61,71,12.34,1000,25,1.00,EUR",
    "2025-03-01,meta_ads,51,prospecting,61,72,0.10,9,0,0.00,EUR",
    "2025-03-02,meta_ads,51,prospecting,61,71,20.00,1500,31,2.70,EUR",
    "2025-03-02,meta_ads,52,awareness,62,73,99.00,80000,12,0.00,EUR",
    "2025-03-03,meta_ads,51,prospecting,61,71,5.00,400,7,0.00,EUR",
    "2025-03-03,google_ads,11,other,21,31,9.00,80,4,0.00,EUR",
)


@pytest.fixture
def api() -> Iterator[MetaAds]:
    api = MetaAds()
    api.start()
    yield api
    api.stop()


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: MetaAds) -> AdsBench:
    feed(api, write_day_file(tmp_path, *ROWS))
    return make_bench(tmp_path, monkeypatch, api)


def make_bench(folder: Path, monkeypatch: pytest.MonkeyPatch, api: MetaAds, **changed: Any) -> AdsBench:
    account = {"conn_type": "generic", "host": api.url, "password": changed.pop("token", api.token)}
    options = {"account_id": "9876543210"} | changed.pop("options", {})
    source = {"source": "meta_ads", "vendor": "meta_ads", "connection": "meta_ads", "since": "2025-03-01"}
    return AdsBench(folder, monkeypatch, account, **(source | {"options": options} | changed))


def spec() -> InsightsSpec:
    return InsightsSpec(spec_file("meta/AdsInsights.json").parent)


def test_pulled_rows_are_those_of_the_files(bench: AdsBench, tmp_path: Path) -> None:
    assert bench.load("2025-03-04") == rows_of(tmp_path, "meta_ads")


def test_requests_and_answers_are_as_meta_describes_them(bench: AdsBench, api: MetaAds) -> None:
    api.check = found = spec()
    bench.pull("2025-03-04")
    bench.check()
    assert api.violations == []
    assert found.checked == len(api.requests)
    for resource in ("ads", "account"):
        for row in api.store.page(resource, 100):
            found.check_row(json.loads(row.payload))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"action_attribution_windows": '["7d_view"]'}, "a window of old"),
        ({"fields": "spend,conversion_rate"}, "no such field"),
        ({"page_size": "9"}, "no such parameters"),
        ({"level": "advert"}, "level is advert"),
    ],
)
def test_the_description_refuses_what_meta_does_not_know(changed: dict[str, str], said: str) -> None:
    form = "&".join(f"{name}={value}" for name, value in ({"level": "ad", "fields": "spend"} | changed).items())
    request = Request("POST", "/v26.0/act_1/insights", {}, {"authorization": "Bearer x"}, form.encode())
    with pytest.raises(AssertionError, match=said):
        spec()(request)
    with pytest.raises(AssertionError, match="spend is text"):
        spec().check_row({"spend": 1.5})


def test_the_token_is_in_no_address(bench: AdsBench, api: MetaAds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meta_ads, "ROWS_PER_PAGE", 1)
    bench.pull("2025-03-04")
    assert api.forbidden == []
    assert sum("after" in one.query for one in api.requests) >= 4


def test_reports_of_any_length_and_pages_of_any_size_come_to_the_same(
    bench: AdsBench, api: MetaAds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(meta_ads, "ROWS_PER_PAGE", 2)
    monkeypatch.setattr(meta_ads, "DAYS_PER_REPORT", 2)
    assert bench.load("2025-03-04") == rows_of(tmp_path, "meta_ads")
    assert len(api.reports) == 2


def test_a_report_that_takes_a_while_is_waited_for(bench: AdsBench, api: MetaAds, tmp_path: Path) -> None:
    api.slow = 2
    assert bench.load("2025-03-04") == rows_of(tmp_path, "meta_ads")


def test_a_report_that_never_ends_is_given_up(bench: AdsBench, api: MetaAds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meta_ads, "REPORT_SECONDS", 1)
    api.slow = 1000
    with pytest.raises(PullError, match="'Job Running' after 1 seconds"):
        bench.pull("2025-03-04")
    assert bench.raw_files() == []


@pytest.mark.parametrize(
    "fault", ["500", "429:0", "reset-before", "reset-after", "truncated", "busy:4", "busy:17", "busy:613", "busy:80000"]
)
def test_what_passes_is_tried_again(bench: AdsBench, api: MetaAds, fault: str, tmp_path: Path) -> None:
    api.faults = {1: fault, 5: fault}
    assert bench.load("2025-03-04") == rows_of(tmp_path, "meta_ads")


def test_an_answer_that_does_not_come_is_asked_for_again(
    bench: AdsBench, api: MetaAds, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(meta_ads, "ANSWER_SECONDS", 0.5)
    api.faults = {4: "hang-after"}
    assert bench.load("2025-03-04") == rows_of(tmp_path, "meta_ads")


def test_too_much_data_is_read_in_shorter_spans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: MetaAds) -> None:
    feed(api, write_day_file(tmp_path, *ROWS))
    api.most_days = 1
    bench = make_bench(tmp_path, monkeypatch, api)
    assert bench.load("2025-03-04") == rows_of(tmp_path, "meta_ads")
    assert len(api.reports) == 5  # 3 days: 1-3, then 1-2, 1, 2, and 3


@pytest.mark.parametrize("fault", ["too-much", "error:100:1504018", "error:100:1487534"])
def test_a_page_that_is_too_large_is_read_again_from_shorter_spans_without_doubling(
    bench: AdsBench, api: MetaAds, monkeypatch: pytest.MonkeyPatch, fault: str, tmp_path: Path
) -> None:
    monkeypatch.setattr(meta_ads, "ROWS_PER_PAGE", 2)
    api.faults = {5: fault}  # the account, started, ready, first page, second page
    assert bench.load("2025-03-04") == rows_of(tmp_path, "meta_ads")
    assert len(api.reports) == 3


def test_a_report_that_fails_for_too_many_requests_is_not_asked_for_in_more(bench: AdsBench, api: MetaAds) -> None:
    api.faults = {2: "job-failed:80000"}
    with pytest.raises(PullError, match="too many requests"):
        bench.pull("2025-03-04")
    assert len(api.reports) == 1


def test_a_report_that_fails_is_asked_for_in_shorter_ones(bench: AdsBench, api: MetaAds, tmp_path: Path) -> None:
    api.faults = {2: "job-failed"}
    assert bench.load("2025-03-04") == rows_of(tmp_path, "meta_ads")
    assert len(api.reports) == 3


def test_a_day_that_is_too_much_by_itself_writes_nothing(bench: AdsBench, api: MetaAds) -> None:
    api.most_days = 0
    with pytest.raises(PullError, match="single day 2025-03-01"):
        bench.pull("2025-03-04")
    assert bench.raw_files() == []


def test_ads_that_were_deleted_since_keep_their_spend(bench: AdsBench, api: MetaAds, tmp_path: Path) -> None:
    api.hidden = {"73"}
    assert bench.load("2025-03-04") == rows_of(tmp_path, "meta_ads")


def test_spend_that_no_ad_accounts_for_is_told(
    bench: AdsBench, api: MetaAds, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    api.hidden = {"73"}
    monkeypatch.setattr(meta_ads, "STATUSES", ("ACTIVE",))
    with caplog.at_level(logging.WARNING):
        bench.pull("2025-03-04")
    [warning] = [one.getMessage() for one in caplog.records if "Meta tells of no ad" in one.getMessage()]
    assert "on 2025-03-02 the account spent 119.00, its ads 20.00" in warning


def test_a_row_restated_between_two_pages_counts_once(
    bench: AdsBench, api: MetaAds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meta_ads, "ROWS_PER_PAGE", 1)

    def restate(request: Request) -> None:
        if "after" in request.query:
            feed(api, write_day_file(bench.path.parent, ROWS[0].replace("12.34", "13.00"), *ROWS[1:]))

    api.check = restate
    bench.pull("2025-03-04")
    api.check = None
    assert [row[6] for row in bench.load("2025-03-05") if row[0] == "2025-03-01"] == ["13.0000", "0.1000"]


def test_days_within_the_look_back_are_restated_and_older_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: MetaAds
) -> None:
    feed(api, write_day_file(tmp_path, *ROWS))
    bench = make_bench(tmp_path, monkeypatch, api, options={"look_back_days": 2})
    bench.load("2025-03-04")
    feed(api, write_day_file(tmp_path, *(row.replace(",0.00,", ",0.50,") for row in ROWS)))
    assert [(row[0], row[5], row[9]) for row in bench.load("2025-03-04")] == [
        ("2025-03-01", "71", "1.0000"),
        ("2025-03-01", "72", "0.0000"),
        ("2025-03-02", "71", "2.7000"),
        ("2025-03-02", "73", "0.5000"),
        ("2025-03-03", "71", "0.5000"),
    ]


@pytest.mark.parametrize(
    ("fault", "changed", "said"),
    [
        ("", {"token": "lapsed"}, "is not valid any more"),
        ("", {"options": {"account_id": "1"}}, "account_id must be right"),
        ("error:200", {}, "ads_read"),
        ("error:10", {}, "ads_read"),
        ("error:3018", {}, "37 months"),
        ("error:100", {}, "code 100"),
        ("", {"time_zone": "Europe/London"}, "Write time_zone: Europe/Berlin"),
    ],
)
def test_what_the_operator_must_change_is_said_and_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: MetaAds, fault: str, changed: dict[str, Any], said: str
) -> None:
    bench = make_bench(tmp_path, monkeypatch, api, **changed)
    api.faults = {1: fault}
    with pytest.raises(PullRefused, match=said) as caught:
        bench.pull("2025-03-04")
    assert api.token not in str(caught.value).replace("account", "").replace("a token that", "")
    assert bench.raw_files() == []


def test_a_start_before_what_meta_keeps_is_refused(bench: AdsBench, api: MetaAds) -> None:
    api.oldest = datetime(2025, 3, 2)  # noqa: DTZ001 - days in the account's zone
    with pytest.raises(PullRefused, match="later `since`"):
        bench.pull("2025-03-04")


@pytest.mark.parametrize("window", ["7d_view", "28d_view"])
def test_attribution_windows_that_are_gone_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: MetaAds, window: str
) -> None:
    bench = make_bench(tmp_path, monkeypatch, api, options={"attribution_windows": [window]})
    with pytest.raises(MappingError, match="attribution_windows"):
        bench.pull("2025-03-04")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"X-Business-Use-Case-Usage": '{"1": [{"type": "ads_insights", "call_count": 75, "total_time": 3}]}'}, 0),
        ({"X-Business-Use-Case-Usage": '{"1": [{"type": "ads_insights", "call_count": 5, "total_cputime": 90}]}'}, 15),
        ({"X-FB-Ads-Insights-Throttle": '{"app_id_util_pct": 100, "acc_id_util_pct": 10}'}, 25),
        ({"X-FB-Ads-Insights-Throttle": '{"acc_id_util_pct": 300}'}, 25),
        ({"X-Business-Use-Case-Usage": "no JSON"}, 0),
    ],
)
def test_a_budget_that_runs_low_spaces_out_requests(headers: dict[str, str], seconds: float) -> None:
    assert _meta_ads.rest_seconds(headers) == seconds


def test_the_budget_is_read_from_each_answer(bench: AdsBench, api: MetaAds, monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr(_meta_ads.time, "sleep", rests.append)
    api.usage = 80
    bench.pull("2025-03-04")
    assert rests == [5.0] * len(api.requests)


def test_check_says_what_is_wrong(bench: AdsBench, api: MetaAds) -> None:
    assert [one.problem for one in bench.check()] == [None, None, None]
    api.granted = {"ads_management"}
    assert [one.problem for one in bench.check()] == [None, None, None]
    api.granted, api.account = {"email"}, {"currency": "EUR", "timezone_name": "America/New_York"}
    permission, zone, account = bench.check()
    assert "lacks it" in str(permission.problem)
    assert "America/New_York" in str(zone.problem)
    assert "code 200" in str(account.problem)
    api.token = "another"
    assert "is not valid any more" in str(bench.check()[0].problem)

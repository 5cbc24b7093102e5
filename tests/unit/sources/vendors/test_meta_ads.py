"""What a day of Meta Ads comes to in the contract, from records as Meta sends them and from other tools' tables."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from include.sources.pull.base import PullError
from tests.support.ads_bench import AdsBench

DAY = "2025-03-01"
LATE = datetime(2025, 3, 3, 8)  # noqa: DTZ001 - as in the tables
EARLY = datetime(2025, 3, 2, 8)  # noqa: DTZ001
OPTIONS = {"account_id": "9876543210"}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AdsBench:
    return make_bench(tmp_path, monkeypatch)


def make_bench(folder: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> AdsBench:
    source = {"source": "meta_ads", "vendor": "meta_ads", "connection": "meta_ads"}
    return AdsBench(folder, monkeypatch, **source, options=OPTIONS | options)


def row(ad: int, **changed: Any) -> dict[str, Any]:
    found = {
        "account_id": "9876543210",
        "account_currency": "USD",
        "campaign_id": "51",
        "campaign_name": "prospecting",
        "adset_id": "61",
        "ad_id": str(ad),
        "spend": "12.34",
        "impressions": "1000",
        "clicks": "40",
        "inline_link_clicks": "25",
        "actions": [
            {"action_type": "link_click", "value": "25"},
            {"action_type": "omni_purchase", "value": "3", "7d_click": "2", "1d_view": "1"},
            {"action_type": "purchase", "value": "2"},
        ],
        "date_start": DAY,
        "date_stop": DAY,
    } | changed
    return {name: value for name, value in found.items() if value is not None}


def test_a_row_is_as_meta_says_with_link_clicks_and_purchases_everywhere(bench: AdsBench) -> None:
    bench.put_raw([row(71)], DAY)
    assert bench.land() == [
        (DAY, "meta_ads", "51", "prospecting", "61", "71", "12.3400", "1000", "25", "3.0000", "USD"),
    ]


def test_another_action_may_count_as_the_conversion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make_bench(tmp_path, monkeypatch, conversion_action="purchase")
    bench.put_raw([row(71)], DAY)
    assert bench.land()[0][9] == "2.0000"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"actions": None}, ("12.3400", "1000", "25", "0.0000")),
        ({"actions": []}, ("12.3400", "1000", "25", "0.0000")),
        ({"actions": [{"action_type": "link_click", "value": "9"}]}, ("12.3400", "1000", "25", "0.0000")),
        ({"inline_link_clicks": None}, ("12.3400", "1000", "0", "3.0000")),
        ({"impressions": "0", "inline_link_clicks": None, "actions": None}, ("12.3400", "0", "0", "0.0000")),
        ({"spend": "0"}, ("0.0000", "1000", "25", "3.0000")),
    ],
)
def test_what_meta_leaves_out_is_nothing_and_the_row_stays(
    bench: AdsBench, changed: dict[str, Any], expected: tuple[str, ...]
) -> None:
    bench.put_raw([row(71, **changed)], DAY)
    assert [found[6:10] for found in bench.land()] == [expected]


def test_a_row_that_is_gone_when_its_day_is_read_again_is_gone_from_the_lake(bench: AdsBench) -> None:
    bench.put_raw([row(71), row(72)], DAY)
    bench.land()
    bench.put_raw([row(72, spend="1.00")], DAY)
    assert [found[5:7] for found in bench.land()] == [("72", "1.0000")]


def test_a_row_of_another_day_than_those_asked_for_is_refused(bench: AdsBench) -> None:
    with pytest.raises(PullError, match="Compare the time zone"):
        bench.put_raw([row(71, date_start="2025-02-28")], DAY)


RECORDS = [row(71), row(72, spend="0.10", inline_link_clicks=None, actions=None)]


def tables(bench: AdsBench, shape: str, monkeypatch: pytest.MonkeyPatch) -> AdsBench:
    """Another source in the same lake, made of the tables of another tool."""
    folder = bench.path.parent
    base = str(folder / "tables")
    return AdsBench(folder, monkeypatch, source="of_tables", vendor="meta_ads", shape=shape, base=base)


@pytest.mark.parametrize("is_text", [False, True])
def test_fivetrans_tables_give_the_same_rows(bench: AdsBench, monkeypatch: pytest.MonkeyPatch, is_text: bool) -> None:
    bench.put_raw(RECORDS, DAY)
    expected = bench.land()
    other = tables(bench, "fivetran", monkeypatch)
    put_fivetran(other, is_text)
    assert other.land() == expected


def put_fivetran(bench: AdsBench, is_text: bool = False, without_ad: str = "") -> None:
    days, actions, ads = [], [], []
    for record in RECORDS:
        base = {"ad_id": record["ad_id"], "date": date.fromisoformat(record["date_start"])}
        clicks = record.get("inline_link_clicks")
        days.append(
            base
            | {
                "account_id": int(record["account_id"]),
                "spend": float(record["spend"]),
                "impressions": int(record["impressions"]),
                "inline_link_clicks": None if clicks is None else int(clicks),
            }
        )
        for index, action in enumerate(record.get("actions", [])):
            numbers = {"index": index, "value": float(action["value"]), "_7_d_click": action.get("7d_click")}
            actions.append(base | {"action_type": action["action_type"], **numbers})
        if record["ad_id"] != without_ad:
            old = {"id": int(record["ad_id"]), "ad_set_id": 1, "campaign_id": 1, "updated_time": EARLY}
            ads += [old, old | {"ad_set_id": 61, "campaign_id": 51, "updated_time": LATE}]
    old_name = {"id": 51, "name": "was", "updated_time": EARLY}
    bench.put_table("basic_ad", days, is_text)
    bench.put_table("basic_ad_actions", actions, is_text)
    bench.put_table("ad_history", ads, is_text)
    bench.put_table("campaign_history", [old_name, old_name | {"name": "prospecting", "updated_time": LATE}], is_text)
    bench.put_table("account_history", [{"id": 9876543210, "currency": "USD", "_fivetran_synced": LATE}], is_text)


def test_spend_of_an_ad_that_fivetran_knows_no_history_of_is_kept(
    bench: AdsBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tables(bench, "fivetran", monkeypatch)
    put_fivetran(other, without_ad="72")
    assert [found[2:7] for found in other.land()] == [
        ("51", "prospecting", "61", "71", "12.3400"),
        ("none", None, "none", "72", "0.1000"),
    ]


@pytest.mark.parametrize("is_text", [False, True])
def test_airbytes_tables_give_the_same_rows(bench: AdsBench, monkeypatch: pytest.MonkeyPatch, is_text: bool) -> None:
    bench.put_raw(RECORDS, DAY)
    expected = bench.land()
    rows = []
    for record in RECORDS:
        clicks, actions = record.get("inline_link_clicks"), record.get("actions")
        late = record | {
            "spend": float(record["spend"]),
            "impressions": int(record["impressions"]),
            "inline_link_clicks": None if clicks is None else int(clicks),
            "actions": None if actions is None else json.dumps(actions),
            "_airbyte_extracted_at": LATE,
        }
        rows += [late, late | {"spend": 99.0, "_airbyte_extracted_at": EARLY}]
    other = tables(bench, "airbyte", monkeypatch)
    other.put_table("ads_insights", rows, is_text)
    assert other.land() == expected

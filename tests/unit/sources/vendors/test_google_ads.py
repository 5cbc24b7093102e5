"""What a day of Google Ads comes to in the contract, from records as Google sends them and from other tools' tables."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.ads_bench import AdsBench

DAY = "2025-03-01"
LATE = datetime(2025, 3, 3, 8)  # noqa: DTZ001 - as in the tables
EARLY = datetime(2025, 3, 2, 8)  # noqa: DTZ001


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AdsBench:
    return AdsBench(
        tmp_path,
        monkeypatch,
        source="google_ads",
        vendor="google_ads",
        connection="google_ads",
        options={"customer_id": "1234567890"},
    )


def row(
    campaign: int, *ids: int, micros: int, seen: int, clicks: int, conversions: float, **more: Any
) -> dict[str, Any]:
    """A row of the report of ads, given an ad group's and an ad's id, otherwise of that of campaigns."""
    found: dict[str, Any] = {
        "customer": {"resourceName": "customers/1", "currencyCode": "CHF", "timeZone": "Europe/Zurich"},
        "campaign": {"resourceName": f"customers/1/campaigns/{campaign}", "id": str(campaign), "name": f"c{campaign}"},
        "metrics": {
            "costMicros": str(micros),
            "impressions": str(seen),
            "clicks": str(clicks),
            "conversions": conversions,
        },
        "segments": {"date": DAY},
        "resourceName": f"customers/1/campaigns/{campaign}",
    }
    if ids:
        group, ad = ids
        found |= {
            "adGroup": {"resourceName": f"customers/1/adGroups/{group}", "id": str(group)},
            "adGroupAd": {"resourceName": f"customers/1/adGroupAds/{group}~{ad}", "ad": {"id": str(ad)}},
            "resourceName": f"customers/1/adGroupAds/{group}~{ad}",
        }
    return found


def figures(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Ad set, ad, spend, impressions, clicks, conversions."""
    return [found[4:10] for found in rows]


def test_money_is_exact_and_everything_else_as_google_says(bench: AdsBench) -> None:
    bench.put_raw([row(11, 21, 31, micros=1_234_567, seen=90, clicks=4, conversions=1.333333)], DAY)
    assert bench.land() == [
        (DAY, "google_ads", "11", "c11", "21", "31", "1.2346", "90", "4", "1.3333", "CHF"),
    ]


def test_a_campaign_whose_ads_account_for_everything_has_no_row_of_its_own(bench: AdsBench) -> None:
    records = [
        row(11, micros=3_000_000, seen=10, clicks=3, conversions=0.3),
        row(11, 21, 31, micros=1_000_000, seen=4, clicks=1, conversions=0.1),
        row(11, 22, 32, micros=2_000_000, seen=6, clicks=2, conversions=0.2),
    ]
    bench.put_raw(records, DAY)
    assert figures(bench.land()) == [
        ("21", "31", "1.0000", "4", "1", "0.1000"),
        ("22", "32", "2.0000", "6", "2", "0.2000"),
    ]


def test_performance_max_without_ads_keeps_its_spend_under_none(bench: AdsBench) -> None:
    bench.put_raw([row(12, micros=40_000_000, seen=9000, clicks=210, conversions=6.0)], DAY)
    assert figures(bench.land()) == [("none", "none", "40.0000", "9000", "210", "6.0000")]


def test_what_the_ads_do_not_account_for_stands_beside_them_and_the_sum_is_the_campaigns(bench: AdsBench) -> None:
    records = [
        row(13, micros=5_000_000, seen=100, clicks=9, conversions=2.5),
        row(13, 21, 31, micros=3_500_000, seen=60, clicks=9, conversions=2.5),
    ]
    bench.put_raw(records, DAY)
    assert figures(bench.land()) == [
        ("21", "31", "3.5000", "60", "9", "2.5000"),
        ("none", "none", "1.5000", "40", "0", "0.0000"),
    ]


def test_ads_read_after_a_restatement_are_believed_and_take_nothing_from_anyone(bench: AdsBench) -> None:
    records = [
        row(13, micros=5_000_000, seen=100, clicks=9, conversions=2.0),
        row(13, 21, 31, micros=5_100_000, seen=101, clicks=9, conversions=2.0),
    ]
    bench.put_raw(records, DAY)
    assert figures(bench.land()) == [("21", "31", "5.1000", "101", "9", "2.0000")]


def test_rounding_of_conversions_makes_no_row(bench: AdsBench) -> None:
    records = [
        row(13, micros=2_000_000, seen=2, clicks=2, conversions=0.666667),
        row(13, 21, 31, micros=1_000_000, seen=1, clicks=1, conversions=0.333333),
        row(13, 21, 32, micros=1_000_000, seen=1, clicks=1, conversions=0.333333),
    ]
    bench.put_raw(records, DAY)
    assert [found[5] for found in bench.land()] == ["31", "32"]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"micros": 10_000, "seen": 0, "clicks": 0, "conversions": 0.0}, ("0.0100", "0", "0", "0.0000")),
        ({"micros": 0, "seen": 0, "clicks": 0, "conversions": 1.0}, ("0.0000", "0", "0", "1.0000")),
        ({"micros": 7_000_000, "seen": 80, "clicks": 3, "conversions": 0.0}, ("7.0000", "80", "3", "0.0000")),
    ],
)
def test_rows_without_impressions_or_conversions_stay(
    bench: AdsBench, numbers: dict[str, Any], expected: tuple[str, ...]
) -> None:
    bench.put_raw([row(11, **numbers), row(11, 21, 31, **numbers)], DAY)
    assert figures(bench.land()) == [("21", "31", *expected)]


def test_metrics_that_google_leaves_out_are_nothing(bench: AdsBench) -> None:
    bare = row(11, 21, 31, micros=0, seen=0, clicks=0, conversions=0) | {"metrics": {"costMicros": "5000000"}}
    bench.put_raw([bare], DAY)
    assert figures(bench.land()) == [("21", "31", "5.0000", "0", "0", "0.0000")]


def test_a_row_that_is_gone_when_its_day_is_read_again_is_gone_from_the_lake(bench: AdsBench) -> None:
    both = [row(11, 21, ad, micros=1_000_000, seen=1, clicks=1, conversions=0) for ad in (31, 32)]
    bench.put_raw(both, DAY)
    bench.land()
    bench.put_raw(both[:1], DAY)
    assert [found[5] for found in bench.land()] == ["31"]


RECORDS = [
    row(11, micros=3_250_000, seen=10, clicks=3, conversions=0.75),
    row(11, 21, 31, micros=1_250_000, seen=4, clicks=1, conversions=0.5),
    row(11, 22, 32, micros=2_000_000, seen=6, clicks=2, conversions=0.25),
    row(12, micros=40_000_000, seen=9000, clicks=210, conversions=6.0),
]


def tables(bench: AdsBench, shape: str, monkeypatch: pytest.MonkeyPatch) -> AdsBench:
    """Another source in the same lake, made of the tables of another tool."""
    folder = bench.path.parent
    base = str(folder / "tables")
    return AdsBench(folder, monkeypatch, source="of_tables", vendor="google_ads", shape=shape, base=base)


def halves(value: int) -> tuple[int, int]:
    """Part a figure in two that are not equal."""
    return value // 3, value - value // 3


@pytest.mark.parametrize("is_text", [False, True])
def test_fivetrans_tables_give_the_same_rows(bench: AdsBench, monkeypatch: pytest.MonkeyPatch, is_text: bool) -> None:
    bench.put_raw(RECORDS, DAY)
    expected = bench.land()
    other = tables(bench, "fivetran", monkeypatch)
    stats: dict[str, list[dict[str, Any]]] = {"ad_stats": [], "campaign_stats": []}
    for record in RECORDS:
        metrics, campaign = record["metrics"], int(record["campaign"]["id"])
        ids = {"id": campaign}
        if "adGroup" in record:
            ids = {"ad_id": int(record["adGroupAd"]["ad"]["id"]), "campaign_id": campaign}
            ids |= {"ad_group": record["adGroup"]["resourceName"], "keyword_ad_group_criterion": None}
        for number, device in enumerate(("MOBILE", "DESKTOP")):
            part = {name: halves(int(metrics[name]))[number] for name in ("impressions", "clicks")}
            part |= {"cost_micros": halves(int(metrics["costMicros"]))[number]}
            part |= {"conversions": metrics["conversions"] / 2, "device": device, "ad_network_type": "SEARCH"}
            table = "ad_stats" if "adGroup" in record else "campaign_stats"
            stats[table].append({"customer_id": 1, "date": datetime(2025, 3, 1).date(), **ids, **part})  # noqa: DTZ001
    for name, rows in stats.items():
        other.put_table(name, rows, is_text)
    names = [
        {"id": number, "name": f"{name}{number}", "updated_at": at, "_fivetran_active": at == LATE}
        for number in (11, 12)
        for name, at in (("was", EARLY), ("c", LATE))
    ]
    other.put_table("campaign_history", names, is_text)
    accounts = [
        {
            "id": 1,
            "currency_code": "CHF",
            "time_zone": "Europe/Zurich",
            "updated_at": at,
            "_fivetran_active": at == LATE,
        }
        for at in (EARLY, LATE)
    ]
    other.put_table("account_history", accounts, is_text)
    assert other.land() == expected


@pytest.mark.parametrize("is_text", [False, True])
def test_airbytes_tables_give_the_same_rows(bench: AdsBench, monkeypatch: pytest.MonkeyPatch, is_text: bool) -> None:
    bench.put_raw(RECORDS, DAY)
    expected = bench.land()
    other = tables(bench, "airbyte", monkeypatch)
    found: dict[str, list[dict[str, Any]]] = {"ad_group_ad_legacy": [], "campaign": []}
    for record in RECORDS:
        metrics = record["metrics"]
        base = {"segments_date": DAY, "campaign_id": int(record["campaign"]["id"])}
        table = "campaign"
        if "adGroup" in record:
            table = "ad_group_ad_legacy"
            base |= {
                "ad_group_id": int(record["adGroup"]["id"]),
                "ad_group_ad_ad_id": int(record["adGroupAd"]["ad"]["id"]),
                "customer_currency_code": "CHF",
            }
        else:
            base |= {"segments_hour": 8}
        for number, network in enumerate(("SEARCH", "CONTENT")):
            part = {f"metrics_{name}": halves(int(metrics[name]))[number] for name in ("impressions", "clicks")}
            part |= {"metrics_cost_micros": halves(int(metrics["costMicros"]))[number]}
            part |= {"metrics_conversions": metrics["conversions"] / 2, "segments_ad_network_type": network}
            late = base | part | {"campaign_name": record["campaign"]["name"], "_airbyte_extracted_at": LATE}
            early = late | {"metrics_cost_micros": 1, "campaign_name": "was", "_airbyte_extracted_at": EARLY}
            found[table] += [late, early]
    for name, rows in found.items():
        other.put_table(name, rows, is_text)
    assert other.land() == expected


def test_a_table_that_is_missing_is_named(bench: AdsBench, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tables(bench, "fivetran", monkeypatch)
    other.put_table("account_history", [{"id": 1, "currency_code": "CHF", "updated_at": LATE}])
    with pytest.raises(ValueError, match=r"no file matches '(ad_stats|campaign_stats|campaign_history)/\*.parquet'"):
        other.land()

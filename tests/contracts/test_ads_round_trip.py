"""The advertising of a simulated shop, pulled from the stand-ins that were fed with it, is that of its files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.demo.apis import google_ads_feed, meta_ads_feed
from include.demo.apis.google_ads import GoogleAds
from include.demo.apis.meta_ads import MetaAds
from include.demo.simulator.run import simulate
from include.sources.pull.base import Window
from include.sources.pull.raw import pulled
from include.sources.pull.run import opened
from include.sources.source_file import find_vendor, options_of, read_source_file
from tests.contracts import test_google_ads_source, test_meta_ads_source
from tests.support.ads_bench import PULLED_AT, AdsBench, rows_of, write_day_file

YEARS = Window(datetime(2023, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
VENDORS = {
    "google_ads": (GoogleAds, google_ads_feed.feed, test_google_ads_source.make_bench),
    "meta_ads": (MetaAds, meta_ads_feed.feed, test_meta_ads_source.make_bench),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "data"
    simulate(folder, 200, 7, 1)
    return folder


@pytest.mark.parametrize("name", VENDORS)
def test_three_years_of_a_simulated_shop_come_back_as_they_are_in_its_files(
    name: str, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, feed, make_bench = VENDORS[name]
    api: Any = make()
    feed(api, shop)
    api.start()
    try:
        bench = make_bench(tmp_path, monkeypatch, api)
        pull_as_one_file(bench)
    finally:
        api.stop()
    rows = bench.land()
    assert len(rows) > 5_000
    assert rows == rows_of(shop, name)


def pull_as_one_file(bench: AdsBench) -> None:
    """Read three years as a file a day is read, without the thousand files."""
    found = read_source_file(bench.path)
    assert found is not None
    vendor = find_vendor(found.vendor)
    [resource] = vendor.resources(options_of(found, bench.path))
    folder = bench.lake.raw(bench.name) / resource.name
    with (
        opened(bench.path, found) as account,
        pulled(folder, resource, resource.read(account, YEARS), PULLED_AT) as read,
    ):
        read.land("all.parquet")


DAYS_OF_MARCH = 9


def report_as_of(name: str, day: int) -> list[str]:
    """Rows of 1 March to the day before `day`, two ads; half an ad's conversions of a day come to it two days later.

    The ad 32 loses a click that turned out invalid a day later, and on 3 March it disappears from 2 March altogether.
    """
    rows = []
    for number in range(1, day):
        age = day - number
        conversions, clicks = ("2.00" if age > 2 else "1.00"), (8 if age > 1 else 9)
        rows.append(f"2025-03-0{number},{name},11,brand,21,31,{number}.50,100,7,{conversions},EUR")
        if number != 2 or age < 2:
            rows.append(f"2025-03-0{number},{name},11,brand,21,32,0.25,10,{clicks},0.00,EUR")
    return rows


@pytest.mark.parametrize("name", VENDORS)
def test_day_by_day_comes_to_the_same_as_all_at_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, feed, make_bench = VENDORS[name]
    daily: list[tuple[str, ...]] = []
    for folder, days in ((tmp_path / "daily", range(2, DAYS_OF_MARCH + 1)), (tmp_path / "once", [DAYS_OF_MARCH])):
        folder.mkdir()
        api: Any = make()
        api.start()
        bench = make_bench(folder, monkeypatch, api, options={"look_back_days": 4})
        for day in days:
            # A day's stand-in knows that day's report only: what is gone from it is gone.
            api.store = type(api.store)()
            feed(api, write_day_file(folder, *report_as_of(name, day)))
            bench.pull(f"2025-03-{day:02}T06:00:00")
        api.stop()
        rows = bench.land()
        assert rows == rows_of(folder, name)
        daily = daily or rows
    assert rows == daily

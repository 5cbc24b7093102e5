"""What is pulled, which window each run asks for, and that the files are the cursor."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from include.sources.mapping import MappingError, read_mapping
from include.sources.pull.base import CursorExpired, PullError, PullRefused, Window
from tests.unit.sources.pull.toy import ToyBench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ToyBench:
    return ToyBench(tmp_path, monkeypatch)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_first_run_asks_for_everything_and_the_next_from_ten_minutes_before_its_end(bench: ToyBench) -> None:
    bench.shop.put("o1", "2024-05-01T12:00:00")
    bench.pull("2024-06-01")
    bench.pull("2024-06-02")
    assert [window for _, window in bench.shop.windows] == [
        Window(None, at("2024-06-01")),
        Window(at("2024-05-31T23:50:00"), at("2024-06-02")),
    ]
    assert bench.files() == ["until_20240601T000000Z.parquet", "until_20240602T000000Z.parquet"]


def test_since_bounds_the_first_run_in_the_shops_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = ToyBench(tmp_path, monkeypatch, since="2024-05-01", time_zone="Europe/Berlin")
    bench.pull("2024-06-01")
    assert bench.shop.windows[0][1].start == at("2024-04-30T22:00:00")


def test_a_run_repeated_reads_the_same_window_and_replaces_its_file(bench: ToyBench) -> None:
    for end in ("2024-06-01", "2024-06-02", "2024-06-02"):
        bench.pull(end)
    assert bench.shop.windows[1] == bench.shop.windows[2]
    assert len(bench.files()) == 2


def test_a_backfill_reads_its_own_span_and_leaves_the_daily_state_alone(bench: ToyBench) -> None:
    bench.pull("2024-06-01")
    bench.pull("2024-03-01", start="2024-02-29")
    bench.pull("2024-06-02")
    assert [window for _, window in bench.shop.windows][1:] == [
        Window(at("2024-02-29"), at("2024-03-01")),
        Window(at("2024-05-31T23:50:00"), at("2024-06-02")),
    ]
    assert "from_20240229T000000Z_to_20240301T000000Z.parquet" in bench.files()


def test_a_failed_read_writes_nothing_and_moves_no_cursor(bench: ToyBench) -> None:
    for number in range(5):
        bench.shop.put(f"o{number}", f"2024-05-0{number + 1}T00:00:00")

    def fail(page: int) -> None:
        if page == 3:
            raise PullError("the vendor is gone")

    bench.shop.before_page = fail
    with pytest.raises(PullError, match="the vendor is gone"):
        bench.pull("2024-06-01")
    assert bench.files() == []
    bench.shop.before_page = lambda page: None
    bench.pull("2024-06-01")
    assert bench.shop.windows[-1][1].start is None


def test_an_expired_cursor_starts_the_window_again_but_not_for_ever(bench: ToyBench) -> None:
    bench.shop.put("o1", "2024-05-01T00:00:00")
    expired = iter([True, True, False])

    def expire(page: int) -> None:
        if next(expired, False):
            raise CursorExpired("the cursor is no longer valid")

    bench.shop.before_page = expire
    assert bench.pull("2024-06-01") == [{"resource": "orders", "records": 1, "new": True}]

    def always(page: int) -> None:
        raise CursorExpired("the cursor is no longer valid")

    bench.shop.before_page = always
    with pytest.raises(CursorExpired):
        bench.pull("2024-06-02")


def test_a_record_that_changes_between_two_pages_comes_once_in_its_last_version(bench: ToyBench) -> None:
    bench.shop.put("o1", "2024-05-01T00:00:00", lines=1)
    bench.shop.put("o2", "2024-05-02T00:00:00")
    bench.shop.put("o3", "2024-05-03T00:00:00")

    def change(page: int) -> None:
        if page == 2:
            bench.shop.put("o1", "2024-05-04T00:00:00", lines=2, status="cancelled")

    bench.shop.before_page = change
    assert bench.pull("2024-06-01")[0]["records"] == 4
    bench.land()
    assert bench.landed("order_id, status") == [("o1", "cancelled"), ("o2", "completed"), ("o3", "completed")]
    assert bench.landed("order_id, line_number", "order_lines")[:2] == [("o1", 1), ("o1", 2)]


def test_versions_are_ordered_by_when_they_were_pulled_even_when_they_land_together(bench: ToyBench) -> None:
    bench.shop.put("o1", "2024-05-01T00:00:00")
    bench.pull("2024-06-01")
    bench.shop.put("o1", "2024-06-01T12:00:00", status="cancelled")
    bench.pull("2024-06-02")
    bench.land()
    assert [status for _, status in bench.landed("_loaded_at, status")] == ["completed", "cancelled"]


def test_a_deletion_lands_with_its_time_and_takes_the_lines_along(bench: ToyBench) -> None:
    bench.shop.put("o1", "2024-05-01T00:00:00", lines=2)
    bench.load("2024-06-01")
    bench.shop.delete("o1", "2024-06-01T08:00:00")
    bench.load("2024-06-02")
    gone = datetime(2024, 6, 1, 8)  # noqa: DTZ001 - the lake keeps UTC without an offset
    assert bench.landed("order_id, _deleted_at") == [("o1", gone), ("o1", None)]
    lines = bench.landed("order_id, line_number, _parent, _deleted_at", "order_lines")
    assert lines == [("o1", 1, "o1", None), ("o1", 2, "o1", None), ("o1", None, "o1", gone)]


def test_an_order_that_lost_all_its_lines_says_so(bench: ToyBench) -> None:
    bench.shop.put("o1", "2024-05-01T00:00:00", lines=0)
    bench.load("2024-06-01")
    [(line, parent, deleted)] = bench.landed("line_number, _parent, _deleted_at is not null", "order_lines")
    assert (line, parent, deleted) == (None, "o1", True)


def test_days_are_read_again_for_as_long_as_they_are_restated_and_each_replaces_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = ToyBench(tmp_path, monkeypatch, since="2024-05-28")
    bench.shop.ads = [{"date": f"2024-05-{day}", "ad": "a", "spend": "1.00"} for day in (28, 29, 30, 31)]
    bench.load("2024-06-01", "ad_performance")
    bench.shop.ads = [
        {"date": "2024-05-28", "ad": "a", "spend": "9.00"},
        {"date": "2024-05-30", "ad": "a", "spend": "2.50"},
        {"date": "2024-06-01", "ad": "a", "spend": "4.00"},
    ]
    bench.load("2024-06-02", "ad_performance")
    rows = [(f"{day}", f"{spend}") for day, spend in bench.landed("date, spend", "ad_performance")]
    # Three days back from 2 June are 30 May to 1 June: the 28th and 29th keep what they had, the 31st is nothing now.
    assert rows == [
        ("2024-05-28", "1.0000"),
        ("2024-05-29", "1.0000"),
        ("2024-05-30", "2.5000"),
        ("2024-06-01", "4.0000"),
    ]


def test_days_of_a_pause_longer_than_the_look_back_are_read_too(bench: ToyBench) -> None:
    bench.write(since="2024-05-31")
    bench.pull("2024-06-01", "ad_performance")
    bench.pull("2024-06-20", "ad_performance")
    assert bench.shop.windows[-1][1] == Window(at("2024-06-01"), at("2024-06-20"))


def test_a_day_that_says_nothing_new_is_left_alone(bench: ToyBench) -> None:
    bench.write(since="2024-05-31")
    bench.shop.ads = [{"date": "2024-05-31", "ad": "a", "spend": "1.00"}]
    bench.pull("2024-06-01", "ad_performance")
    before = (bench.lake.raw("toy") / "ads" / "day_2024-05-31.parquet").read_bytes()
    assert bench.pull("2024-06-01", "ad_performance")[0]["new"] is False
    assert (bench.lake.raw("toy") / "ads" / "day_2024-05-31.parquet").read_bytes() == before


def test_a_long_first_load_keeps_the_days_that_are_settled_by_month(bench: ToyBench) -> None:
    bench.write(since="2024-04-29")
    bench.shop.ads = [{"date": day, "ad": "a", "spend": "1.00"} for day in ("2024-04-30", "2024-05-02", "2024-05-31")]
    bench.load("2024-06-01", "ad_performance")
    assert bench.files("ads") == [
        "day_2024-05-29.parquet", "day_2024-05-30.parquet", "day_2024-05-31.parquet",
        "days_2024-04-29_2024-04-30.parquet", "days_2024-05-01_2024-05-28.parquet",
    ]  # fmt: skip
    assert len(bench.landed("date", "ad_performance")) == 3
    bench.pull("2024-06-02", "ad_performance")
    assert bench.shop.windows[-1][1] == Window(at("2024-05-30"), at("2024-06-02"))


def test_a_record_of_another_day_is_refused(bench: ToyBench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write(since="2024-05-31")
    bench.shop.ads = [{"date": "2024-05-31", "ad": "a", "spend": "1.00"}]
    monkeypatch.setattr(type(bench.shop), "read_ads", lambda *_: [[{"date": "2024-06-07", "ad": "a", "spend": "1"}]])
    with pytest.raises(PullError, match="records of 2024-06-07 came, expected 2024-05-31 to 2024-05-31"):
        ToyBench(bench.path.parent, monkeypatch, since="2024-05-31").pull("2024-06-01", "ad_performance")


def test_what_is_missing_from_a_complete_list_is_gone(bench: ToyBench) -> None:
    bench.shop.products = [{"id": "p1", "name": "Cup"}, {"id": "p2", "name": "Pot"}]
    bench.load("2024-06-01", "products")
    bench.shop.products = [{"id": "p2", "name": "Pot"}]
    bench.load("2024-06-02", "products")
    assert bench.landed("product_id", "products") == [("p2",)]


def test_a_backfill_reads_a_complete_list_only_where_there_is_none_yet(bench: ToyBench) -> None:
    bench.shop.products = [{"id": "p1", "name": "Cup"}]
    assert bench.pull("2024-03-01", "products", start="2024-02-29")[0]["records"] == 1
    assert bench.pull("2024-02-29", "products", start="2024-02-28")[0]["records"] == 0


def test_a_record_without_its_key_is_named(bench: ToyBench) -> None:
    bench.shop.products = [{"name": "Cup"}]
    with pytest.raises(PullError, match="products: a record lacks its key id; it has name"):
        bench.pull("2024-06-01", "products")


def test_options_reach_the_mapping_and_columns_and_statuses_may_be_replaced(bench: ToyBench) -> None:
    bench.write(
        options={"channel": "pos"},
        columns={"orders": {"store_id": {"value": "berlin"}}},
        status_map={"waiting": "pending"},
    )
    bench.shop.put("o1", "2024-05-01T00:00:00", status="Waiting")
    bench.load("2024-06-01")
    assert bench.landed("channel, store_id, status") == [("pos", "berlin", "pending")]


def test_sources_of_one_shop_share_its_ids(bench: ToyBench) -> None:
    bench.write(shop="eu")
    bench.shop.put("o1", "2024-05-01T00:00:00")
    bench.load("2024-06-01")
    assert bench.landed("_source, order_id") == [("eu", "o1")]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"vendor": "tou"}, r"vendor: 'tou' is unknown; expected toy"),
        ({"shape": "airbyte", "connection": None, "base": "x"}, r"shape: toy has no 'airbyte'; expected perennial"),
        ({"connection": None}, r"shape perennial is pulled: expected `connection`"),
        ({"base": "exports"}, r"expected `connection`, and no `base`"),
        ({"options": {"chanel": "web"}}, r"chanel: Extra inputs are not permitted"),
        ({"streams": ["refunds"]}, r"toy feeds no refunds; expected ad_performance, order_lines, orders, products"),
        ({"columns": {"orders": {"colour": "x"}}}, r"streams.orders.columns: unknown colour"),
        ({"source": "My Shop"}, r"source: .*pattern"),
    ],
)
def test_a_mistake_in_a_source_file_is_named(bench: ToyBench, changed: dict[str, Any], expected: str) -> None:
    bench.write(**changed)
    with pytest.raises(MappingError, match=rf"(?s)^{bench.path}: .*{expected}"):
        read_mapping(bench.path)


def test_a_missing_connection_is_named(bench: ToyBench) -> None:
    bench.write(connection="elsewhere")
    with pytest.raises(PullRefused, match="toy: The Airflow connection 'elsewhere' is not defined"):
        bench.pull("2024-06-01")


def test_check_sources_names_each_missing_scope(
    bench: ToyBench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from include.sources import check

    monkeypatch.setattr(check, "get_settings", lambda: bench.settings.model_copy(update={"sources": (bench.path,)}))
    assert check.main() == 1
    said = capsys.readouterr().out
    assert "ok      toy: orders" in said
    assert "MISSING toy: ads: the key lacks the scope ads:read; add it." in said.replace("\n", " ").replace("  ", " ")

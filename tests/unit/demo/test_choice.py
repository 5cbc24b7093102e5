"""A demo never mixes two shops, and never removes what no demo made."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.demo.choice import Choice, DemoError, choose, make_room
from include.settings import PROJECT_ROOT

MAPPING = PROJECT_ROOT / "include" / "sources" / "mappings" / "online_retail.yml"


def choice(name: str) -> Choice:
    return Choice(name, (MAPPING,), datetime(2026, 1, 1, tzinfo=UTC), "EUR", "UTC")


def quiet(_line: str) -> None:
    pass


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Path]:
    data_dir, home = tmp_path / "data", tmp_path / "airflow"
    (data_dir / "sources").mkdir(parents=True)
    return data_dir, home


def test_the_same_data_keep_what_is_there(place: tuple[Path, Path]) -> None:
    make_room(choice("cdnow"), *place, quiet)
    (place[0] / "lake").mkdir()
    make_room(choice("cdnow"), *place, quiet)
    assert (place[0] / "lake").exists()


def test_other_data_replace_it_but_not_the_sources(place: tuple[Path, Path]) -> None:
    data_dir, home = place
    make_room(choice("cdnow"), data_dir, home, quiet)
    for name in ("lake", "live", "ledger"):
        (data_dir / name).mkdir()
    home.mkdir()
    lines: list[str] = []
    make_room(choice("simulated:10:7"), data_dir, home, lines.append)
    assert sorted(path.name for path in data_dir.iterdir()) == ["demo.json", "sources"]
    assert not home.exists()
    assert "holds the demo cdnow: removing its lake, live, ledger" in lines[0]


def test_a_lake_that_no_demo_made_is_left_alone(place: tuple[Path, Path]) -> None:
    (place[0] / "lake").mkdir()
    with pytest.raises(DemoError, match="holds lake that no demo made"):
        make_room(choice("cdnow"), *place, quiet)
    assert (place[0] / "lake").exists()


def chosen(dataset: str, mapping: Path | None, as_of: str | None, data_dir: Path) -> Choice:
    return choose(dataset, data_dir, customers=10, seed=1, mapping_file=mapping, as_of=as_of, say=quiet)


def test_files_take_zone_and_currency_from_the_mapping(tmp_path: Path) -> None:
    found = chosen("files", MAPPING, "2011-07-01", tmp_path)
    assert (found.name, found.reporting_currency, found.time_zone) == ("files:online_retail", "GBP", "Europe/London")
    # Midnight of a summer day in London is an hour earlier in UTC.
    assert found.as_of.astimezone(UTC) == datetime(2011, 6, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dataset", "mapping", "as_of", "message"),
    [
        ("files", None, None, "needs MAPPING="),
        ("cdnw", None, None, "DATASET=cdnw is unknown; expected simulated, cdnow, complete_journey or files"),
        ("files", MAPPING, "tomorrow", "AS_OF=tomorrow; expected a day such as 2011-12-10"),
    ],
)
def test_a_wrong_choice_says_what_was_expected(
    tmp_path: Path, dataset: str, mapping: Path | None, as_of: str | None, message: str
) -> None:
    with pytest.raises(DemoError, match=message):
        chosen(dataset, mapping, as_of, tmp_path)


@pytest.mark.parametrize("customers", [99, 0, -5])
def test_a_shop_too_small_to_have_some_of_everything_is_refused(tmp_path: Path, customers: int) -> None:
    with pytest.raises(DemoError, match=f"SCALE={customers}; expected 100 persons or more"):
        choose("simulated", tmp_path, customers=customers, seed=1, mapping_file=None, as_of=None, say=quiet)
    assert list(tmp_path.iterdir()) == []


def test_the_smallest_shop_is_simulated(tmp_path: Path) -> None:
    found = choose("simulated", tmp_path, customers=100, seed=1, mapping_file=None, as_of=None, say=quiet)
    assert found.name == "simulated:100:1"

"""A setting that cannot be used stops the start with its name, what came and what was expected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.settings import Settings, SettingsError, get_settings


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No variable of whoever runs the tests, and no settings remembered from another test."""
    for name in ("DATA_DIR", "LAKE_URL", "SOURCES", "LEDGER_URL", "TIME_ZONE", "REPORTING_CURRENCY"):
        monkeypatch.delenv(f"PERENNIAL_{name}", raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def test_everything_has_a_default_below_the_data_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_DATA_DIR", "/d")
    settings = get_settings()
    assert settings.lake == "/d/lake"
    assert settings.build_warehouse == Path("/d/build/warehouse.duckdb")
    assert settings.live_warehouse == Path("/d/live/warehouse.duckdb")
    assert settings.live_contacts == Path("/d/live/contacts.duckdb")
    assert settings.ledger == "sqlite:////d/ledger/ledger.db"


def test_sources_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_SOURCES", "/a/shop.yml, /b/ads.yml,")
    assert get_settings().sources == (Path("/a/shop.yml"), Path("/b/ads.yml"))


def test_the_lake_may_lie_elsewhere_with_or_without_a_slash_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_LAKE_URL", "/lake/")
    assert get_settings().lake == "/lake"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("REPORTING_CURRENCY", "Euro", "pattern"),
        ("REPORTING_MINOR_UNITS", "many", "valid integer"),
        ("REPORTING_MINOR_UNITS", "9", "less than or equal to 4"),
        ("TIME_ZONE", "Middle/Earth", "expected an IANA time zone such as Europe/London"),
        ("QUARANTINE_MAX_SHARE", "1.5", "less than or equal to 1"),
        ("QUARANTINE_MIN_ROWS", "-1", "greater than or equal to 0"),
    ],
)
def test_an_unusable_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str) -> None:
    monkeypatch.setenv(f"PERENNIAL_{name}", value)
    with pytest.raises(SettingsError, match=rf"PERENNIAL_{name}: .*{expected}.*got '{value}'.*\.env\.example"):
        get_settings()


def test_all_unusable_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_TIME_ZONE", "x")
    monkeypatch.setenv("PERENNIAL_REPORTING_CURRENCY", "y")
    with pytest.raises(SettingsError, match=r"(?s)(?=.*PERENNIAL_TIME_ZONE)(?=.*PERENNIAL_REPORTING_CURRENCY)"):
        get_settings()


def test_secrets_do_not_show_when_the_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_WEBHOOK_SECRET", "hush-hush")
    assert "hush" not in repr(get_settings())

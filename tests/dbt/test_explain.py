"""`python -m include.explain`: every section runs on the marts as they are, and says what they say."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from include.explain.__main__ import main
from include.explain.customer import SECTIONS, ExplainError, explain, find_customer, open_live
from include.publisher.publish import publish
from include.settings import Settings, get_settings
from include.warehouse.meta import record_build
from include.warehouse.promote import promote
from tests.dbt.project_copy import AS_OF

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def live(built, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The small lake's one customer, promoted and published to files."""
    project, _ = built
    settings = Settings(_env_file=None, data_dir=tmp_path_factory.mktemp("explained"))
    settings.build_warehouse.parent.mkdir(parents=True)
    shutil.copy(project.warehouse, settings.build_warehouse)
    record_build(settings, datetime.fromisoformat(AS_OF), "r1")
    promote(settings)
    publish("new_customers", "files", "monday", settings)
    return settings


def customer_of(settings: Settings) -> str:
    with duckdb.connect(str(settings.live_warehouse), read_only=True) as connection:
        return connection.execute("select customer_key from marts.fct_orders").fetchall()[0][0]


def test_every_section_runs_and_agrees_with_its_mart(live: Settings) -> None:
    connection, customer = open_live(live), customer_of(live)
    found = {section.title: section for section in explain(connection, customer, live)}
    assert len(found) == len(list(SECTIONS.glob("*.sql"))) + 1
    assert len({section.name for section in found.values()}) == len(found)
    orders = found["Orders and what was given back"]
    marts = connection.execute("select net_revenue from marts.fct_orders where customer_key = ?", [customer]).fetchall()
    assert [row[orders.columns.index("net_revenue")] for row in orders.rows] == [row[0] for row in marts]
    stages = found["Stage path in the default model, the coming stays included"]
    assert stages.rows
    assert all(row[stages.columns.index("rule")] for row in stages.rows)
    assert found["Identifiers, and the rule that attached each"].rows


def test_an_unknown_customer_is_nobody(live: Settings) -> None:
    with pytest.raises(ExplainError, match=r"expected a customer_key as in marts\.dim_customers"):
        find_customer(open_live(live), "nobody", live)


def test_an_address_needs_permission(live: Settings) -> None:
    with pytest.raises(ExplainError, match="add --contacts"):
        find_customer(open_live(live), "ann@example.org", live)
    with pytest.raises(ExplainError, match="Nobody is known"):
        find_customer(open_live(live), "ann@example.org", live, with_contacts=True)


def test_the_command(live: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PERENNIAL_DATA_DIR", str(live.data_dir))
    monkeypatch.setenv("COLUMNS", "220")
    get_settings.cache_clear()
    try:
        assert main([customer_of(live)]) == 0
        assert "Segments now" in capsys.readouterr().out
        assert main([customer_of(live), "--page"]) == 0
        assert "Time line" in Path(capsys.readouterr().out.strip()).read_text(encoding="utf-8")
        assert main(["nobody"]) == 1
    finally:
        get_settings.cache_clear()


def test_nothing_promoted_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExplainError, match="run the DAG build_marts"):
        open_live(Settings(_env_file=None, data_dir=tmp_path))

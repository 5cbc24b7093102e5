"""A build becomes live in one step: readers see the old one or the new one, and never a part of either."""

from __future__ import annotations

import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from include.settings import Settings
from include.warehouse.meta import record_build
from include.warehouse.promote import PromotionError, promote
from tests.unit.warehouse.world import AS_OF, passed, world


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return world(tmp_path)


def live(settings: Settings, sql: str) -> list[tuple]:
    with duckdb.connect(str(settings.live_warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def texts_with_an_at(path: Path) -> list[tuple[str, str]]:
    """Tables and columns of a DuckDB file in which any text holds an @."""
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as looked_at (read_only); use looked_at")
        columns = con.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where data_type = 'VARCHAR'"
            " and database_name = 'looked_at' and not internal"
        ).fetchall()
        return [
            (f"{schema}.{table}", column)
            for schema, table, column in columns
            if con.execute(
                f"select count(*) from looked_at.{schema}.{table} where contains(\"{column}\", '@')"
            ).fetchall()[0][0]
        ]


def test_a_build_that_has_not_passed_gate_2_is_refused(settings: Settings) -> None:
    with pytest.raises(PromotionError, match="has not passed gate 2; run the DAG build_marts from its start"):
        promote(settings)
    settings.build_warehouse.unlink()
    with pytest.raises(PromotionError, match=r"build/warehouse.duckdb does not exist; run the DAG build_marts"):
        promote(settings)
    assert not settings.live_warehouse.exists()


def test_another_build_than_the_one_that_was_checked_is_refused(settings: Settings) -> None:
    passed(settings, "b2")
    with pytest.raises(PromotionError, match="holds build b2, expected b1; run build_marts again"):
        promote(settings, "b1")
    assert not settings.live_warehouse.exists()
    assert promote(settings, "b2") == "b2"
    assert promote(settings, "b2") == "b2"


def test_a_page_about_a_customer_goes_with_the_build_it_was_drawn_from(settings: Settings) -> None:
    settings.customer_pages.mkdir()
    page = settings.customer_pages / "c1.html"
    page.touch()
    with pytest.raises(PromotionError):
        promote(settings)
    assert page.exists()
    passed(settings, "b1")
    promote(settings)
    assert not page.exists()


def test_the_live_warehouse_holds_marts_and_no_staging(settings: Settings) -> None:
    passed(settings, "b1")
    promote(settings)
    schemas = {row[0] for row in live(settings, "select distinct schema_name from duckdb_tables()")}
    assert schemas == {"marts", "publish", "seeds", "meta"}
    assert live(settings, "select order_key, net_revenue::varchar from marts.fct_orders order by 1") == [
        ("o1", "8.00"),
        ("o2", "20.00"),
        ("o3", "5.00"),
    ]


def test_a_view_of_the_build_is_a_table_of_the_live_warehouse(settings: Settings) -> None:
    with duckdb.connect(str(settings.build_warehouse)) as con:
        con.execute(
            "create schema intermediate; create table intermediate.seen as select 's1' as session_key;"
            'create view marts.visits as select session_key from "warehouse"."intermediate"."seen";'
            "comment on view marts.visits is 'Visits'; comment on column marts.visits.session_key is 'Visit'"
        )
    passed(settings, "b1")
    promote(settings)
    assert live(settings, "from marts.visits") == [("s1",)]
    assert live(settings, "select comment from duckdb_tables() where table_name = 'visits'") == [("Visits",)]
    assert live(settings, "select comment from duckdb_columns() where table_name = 'visits'") == [("Visit",)]
    assert live(settings, "select view_name from duckdb_views() where schema_name = 'marts'") == []


def test_contact_data_lies_in_a_private_file_of_its_own(settings: Settings) -> None:
    passed(settings, "b1")
    promote(settings)
    assert stat.S_IMODE(settings.live_contacts.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.live_warehouse.stat().st_mode) == 0o644
    assert live(settings, "select schema_name from duckdb_schemas() where schema_name = 'contacts'") == []
    assert texts_with_an_at(settings.live_warehouse) == []
    # The same scan finds the address where it belongs: it can fail.
    assert texts_with_an_at(settings.live_contacts) == [("contacts.contacts", "email")]
    with duckdb.connect(str(settings.live_contacts), read_only=True) as con:
        assert con.execute("select build_id from meta.build").fetchall() == [("b1",)]


def test_values_of_refused_rows_stay_out_of_the_live_warehouse(settings: Settings) -> None:
    folder = Path(settings.lake) / "_quarantine" / "shop" / "orders"
    folder.mkdir(parents=True)
    reasons = [
        "every value fits its column''s type; ordered_at: ''Ann O''Hara'' is not a timestamp; tax_amount: ''0171 2'' is"
        " not a decimal",
        "order_id is given",
    ]
    rows = ", ".join(f"('shop', 'orders', 'a.csv', 'l', {n}, '{text}', 'Ann')" for n, text in enumerate(reasons, 1))
    duckdb.connect().execute(
        "copy (select *, timestamp '2024-06-01' as quarantined_at from"
        f" (values {rows}) as t(source, stream, file, load_id, record, reason, payload))"
        f" to '{folder / 'l.parquet'}' (format parquet)"
    )
    promote(settings, record_build(settings, AS_OF, "run 1").build_id)
    assert live(settings, "select source, stream, file, record, reason from meta.quarantine order by record") == [
        (
            *("shop", "orders", "a.csv", 1),
            "every value fits its column's type; ordered_at: a value is not a timestamp; tax_amount: a value is not a"
            " decimal",
        ),
        ("shop", "orders", "a.csv", 2, "order_id is given"),
    ]


def test_comments_on_tables_and_columns_come_along(settings: Settings) -> None:
    passed(settings, "b1")
    promote(settings)
    assert live(settings, "select comment from duckdb_tables() where table_name = 'fct_orders'") == [
        ("Orders, net of refunds: the shop's own",)
    ]
    assert live(settings, "select comment from duckdb_columns() where comment is not null") == [
        ("What remained, in EUR",)
    ]


def test_the_file_can_be_read_by_duckdb_1_2(settings: Settings) -> None:
    passed(settings, "b1")
    promote(settings)
    tags = "select tags['storage_version'] from duckdb_databases() where database_name = 'warehouse'"
    assert live(settings, tags)[0][0].startswith("v1.2.0")
    # Bytes 8 to 11 are DUCK, 12 to 19 the version of the format: 64 to 67 are those of DuckDB 0.10 to 1.4.
    header = settings.live_warehouse.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") <= 67


def test_a_reader_keeps_the_build_it_opened_and_the_next_one_sees_the_new(settings: Settings) -> None:
    passed(settings, "b1")
    promote(settings)
    script = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True);"
        " sys.stdin.readline(); print(con.execute('select build_id from meta.build').fetchall()[0][0],"
        " con.execute('select distinct stamp from marts.fct_orders').fetchall()[0][0])"
    )
    command = [sys.executable, "-c", script, str(settings.live_warehouse)]
    reader = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    passed(settings, "b2")
    promote(settings)
    assert live(settings, "select build_id from meta.build") == [("b2",)]
    assert reader.communicate("go\n", timeout=30)[0] == "b1 b1\n"


READ_ON_AND_ON = """
import sys, duckdb
from pathlib import Path
tables, seen = None, 0
while not Path(sys.argv[2]).exists():
    with duckdb.connect(sys.argv[1], read_only=True) as con:
        build = con.execute("select build_id from meta.build").fetchall()
        tables = con.execute("select schema_name || '.' || table_name from duckdb_tables()"
                             " where schema_name in ('marts', 'publish') order by 1").fetchall()
        stamps = {row for (name,) in tables for row in con.execute(f"select distinct stamp from {name}").fetchall()}
    assert len(build) == 1 and stamps == set(build) and len(tables) == 17, (build, stamps, len(tables))
    seen += 1
    print(build[0][0], flush=True)
"""


def test_somebody_who_reads_all_the_time_never_fails_and_never_sees_two_builds(
    settings: Settings, tmp_path: Path
) -> None:
    passed(settings, "b0")
    promote(settings)
    stop = tmp_path / "stop"
    command = [sys.executable, "-c", READ_ON_AND_ON, str(settings.live_warehouse), str(stop)]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "b0\n"
    for number in range(1, 6):
        passed(settings, f"b{number}")
        promote(settings)
        time.sleep(0.3)
    stop.touch()
    output, errors = reader.communicate(timeout=30)
    assert reader.returncode == 0, errors
    seen = output.split()
    assert seen == sorted(seen)
    assert seen[-1] == "b5"
    assert len(set(seen)) >= 3


def test_a_promotion_that_fails_leaves_the_old_build_and_no_rubbish(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed(settings, "b1")
    promote(settings)
    passed(settings, "b2")
    monkeypatch.setattr("include.warehouse.promote.LIVE_SCHEMAS", ("marts", "marts"))
    with pytest.raises(duckdb.Error):
        promote(settings)
    assert live(settings, "select build_id from meta.build") == [("b1",)]
    names = sorted(path.name for path in settings.live_warehouse.parent.iterdir())
    assert names == ["contacts.duckdb", "publishing", "warehouse.duckdb"]

"""A retailer adds a stage by editing CSV files: no SQL, and every table of the stages knows it."""

from __future__ import annotations

import duckdb
import pytest

from tests.dbt.project_copy import Project, copy_of_the_project

# The last stage of rf7, lost from day 113 on, is split at a year: whoever is silent longer is gone.
pytestmark = pytest.mark.slow
LOST = "rf7_lost,rf7,lost,3,,,,,,113,,3 or more orders; the last 113 or more days ago"
SPLIT = (
    "rf7_lost,rf7,lost,3,,,,,,113,365,3 or more orders; the last 113 to 364 days ago\n"
    "rf7_gone,rf7,gone,3,,,,,,365,,3 or more orders; the last 365 or more days ago"
)
STAGE = "rf7,lost,10,just_bought_3plus,,90,,,,3 or more orders and 113 or more days of silence"
GONE = "rf7,gone,11,just_bought_3plus,,90,,,,3 or more orders and a year of silence"


@pytest.fixture(scope="module")
def split(built, lake, tmp_path_factory) -> Project:
    """The project with the stage added, built for one customer with three orders at New Year 2023."""
    project = copy_of_the_project(tmp_path_factory.mktemp("split"), lake, built[0])
    project.edit("seeds/stage_rules.csv", LOST, SPLIT)
    project.edit("seeds/stages.csv", STAGE, f"{STAGE}\n{GONE}")
    with duckdb.connect(str(project.warehouse)) as con:
        con.execute("create schema intermediate")
        con.execute(
            """
            create table intermediate.int_lifecycle__events as
            select
                1 as customer_number, 'ann' as customer_key, 'order_completed' as event_type, 'o' || n as cause_id,
                timestamp '2023-01-01 12:00:00' as event_at, cast(10 as decimal(18, 4)) as amount,
                cast(n as integer) as event_number
            from range(1, 4) as orders (n)
            """
        )
    statuses = project.dbt(
        "build", "--select", "resource_type:seed", "int_lifecycle__events+,path:models/intermediate/lifecycle",
        "int_lifecycle__milestones", "int_lifecycle__stage_numbers", "int_lifecycle__rules",
        "stage_daily", "stage_flows", "stage_forecast", "stage_velocity", "stage_dropoff", "stage_crosswalk",
        "stage_rules_total_and_exclusive", "stages_and_rules_agree", "--exclude", "int_lifecycle__events",
        "--exclude-resource-type", "unit_test", "--indirect-selection", "empty",
    )  # fmt: skip
    assert {name for name, status in statuses.items() if status not in ("success", "pass")} == set()
    return project


def rows(project: Project, query: str) -> list[tuple]:
    with duckdb.connect(str(project.warehouse), read_only=True) as con:
        return con.execute(query).fetchall()


def test_the_history_goes_through_the_new_stage(split):
    query = "select stage, cast(valid_from as varchar) from intermediate.int_lifecycle__stages where model_id = 'rf7'"
    assert rows(split, query + " order by valid_from") == [
        ("just_bought_3plus", "2023-01-01 12:00:00"),
        ("loyal", "2023-01-21 12:00:00"),
        ("at_risk", "2023-02-26 12:00:00"),
        ("lost", "2023-04-24 12:00:00"),
        ("gone", "2024-01-01 12:00:00"),
    ]


def test_every_table_of_the_stages_knows_it(split):
    flows = (
        "select cast(date as varchar), customers from marts.stage_flows where from_stage = 'lost' and to_stage = 'gone'"
    )
    assert rows(split, flows) == [("2024-01-01", 1)]
    assert rows(split, "select max(customers) from marts.stage_daily where stage = 'gone'") == [(1,)]
    assert rows(split, "select open_stays from marts.stage_velocity where stage = 'gone'") == [(1,)]
    assert rows(split, "select dropoff_rate from marts.stage_dropoff where stage = 'gone'") == [(1.0,)]
    assert rows(split, "select count(*) from marts.stage_crosswalk where stage = 'gone'") == [(8,)]

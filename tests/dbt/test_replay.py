"""The history filtered as of a day is what a build from only the data known by that day says, at ten random days."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from include.demo.simulator import simulate
from include.settings import PROJECT_ROOT, Settings
from tests.dbt.project_copy import copy_of_the_project
from tests.support import pipeline

pytestmark = pytest.mark.slow
END = datetime.fromisoformat("2026-01-01")
DAYS = sorted(END - timedelta(hours=hours) for hours in random.Random(10).sample(range(24 * 30, 24 * 900), 10))

# What had begun by then; an end that had not come yet was not known to be reached.
KNOWN = """
select customer_key, model_id, stage, previous_stage, valid_from, rule_id, cause, cause_id,
    case when valid_to < $day then valid_to end as ended_at
from {database}.intermediate.int_lifecycle__stages
where valid_from < $day
"""
# Who is who is as the build knows it: a login in March names the visits of February too. Customers one of whose records
# of before the day has changed hands since are not compared.
RECORDS = (
    ("int_sessions__identified", "session_key", "customer_key", "started_at"),
    ("int_orders__net_of_refunds", "order_key", "customer_key", "ordered_at"),
    ("int_carts__identified", "cart_key", "customer_key", "created_at"),
    ("int_email_events__identified", "email_event_key", "customer_key", "event_at"),
    ("int_consents__changes", "change_key", "customer_key", "changed_at"),
    ("int_refunds__matched", "refund_key", "customer_key", "refunded_at"),
    ("int_reviews__identified", "review_key", "customer_key", "reviewed_at"),
    ("int_referrals__identified", "referral_key", "referrer_customer_key", "referred_at"),
)
CHANGED_HANDS = " union ".join(
    f"""
    select unnest([one.{customer}, other.{customer}])
    from final.intermediate.{model} as one
    full join build.intermediate.{model} as other using ({key})
    where coalesce(one.{moment}, other.{moment}) < $day and one.{customer} is distinct from other.{customer}
    """
    for model, key, customer, moment in RECORDS
)


@pytest.fixture(scope="module")
def builds(tmp_path_factory):
    """A function from a day to a connection with the builds as of the day and as of the end, `build` and `final`."""
    folder = tmp_path_factory.mktemp("replay")
    settings = Settings(
        _env_file=None,
        data_dir=folder,
        sources=(PROJECT_ROOT / "include" / "sources" / "mappings" / "simulated.yml",),
        reporting_currency="EUR",
        time_zone="UTC",
    )
    simulate(folder / "sources" / "simulated", customers=250)
    pipeline.load(settings, END.replace(tzinfo=UTC))
    project = copy_of_the_project(folder, Path(settings.lake))
    models = ("run", "--select", "+int_lifecycle__stages")
    project.dbt("seed")
    statuses = project.dbt(*models, as_of=END.isoformat(sep=" "))
    assert set(statuses.values()) == {"success"}
    # The compiled SQL holds the name of the file.
    builds = {day: folder / str(number) / project.warehouse.name for number, day in enumerate(DAYS)}
    for file in builds.values():
        file.parent.mkdir()
        shutil.copy(project.warehouse, file)
    project.dbt_as_of_each({day.isoformat(sep=" "): file for day, file in builds.items()}, *models)

    def connect(day: datetime) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect()
        con.execute(f"attach '{builds[day]}' as build (read_only)")
        con.execute(f"attach '{project.warehouse}' as final (read_only)")
        return con

    return connect


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_replay(builds, day):
    with builds(day) as con:
        con.execute(f"create table changed_hands (customer_key) as {CHANGED_HANDS}", {"day": day})
        for database in ("build", "final"):
            known = KNOWN.format(database=database)
            con.execute(f"create table {database}_known as {known}", {"day": day})
        compared = "where customer_key not in (select customer_key from changed_hands where customer_key is not null)"
        then, now = (f"from {database}_known {compared}" for database in ("build", "final"))
        assert con.execute(f"({then} except {now}) union all ({now} except {then})").fetchall() == []
        customers = con.execute(f"select count(distinct customer_key) {then}").fetchone()[0]
        everybody = con.execute("select count(distinct customer_key) from build_known").fetchone()[0]
        assert customers > 0.5 * everybody > 10
        if day == DAYS[-1]:
            # The comparison can fail: a week later the history says something else.
            later = KNOWN.format(database="final").replace("$day", "$day + interval 7 days")
            assert con.execute(f"select * from ({later}) {compared} except {then}", {"day": day}).fetchall()

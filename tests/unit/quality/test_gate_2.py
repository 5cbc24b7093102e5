"""A build in which anything is lost, doubled or not agreed to does not pass, is not recorded and cannot be promoted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from include.quality.gate_1 import GateFailed
from include.quality.gate_2 import gate_2
from include.settings import Settings
from include.warehouse.promote import PromotionError, promote
from tests.unit.sources.bench import plain_settings
from tests.unit.warehouse.world import AS_OF, world


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    world(folder)
    return folder


@pytest.fixture
def settings(prepared: Path, tmp_path: Path) -> Iterator[Settings]:
    shutil.copytree(prepared, tmp_path / "copy")
    yield plain_settings(tmp_path / "copy" / "data")


def tamper(settings: Settings, sql: str) -> None:
    with duckdb.connect(str(settings.build_warehouse)) as con:
        con.execute(sql)


def query(path: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_a_sound_build_passes_is_recorded_and_can_be_promoted(settings: Settings, data_docs: None) -> None:
    info = gate_2(settings, AS_OF, "run 1")
    assert query(settings.build_warehouse, "select build_id, as_of, run_id, reporting_currency from meta.build") == [
        (info.build_id, AS_OF, "run 1", "EUR")
    ]
    assert query(settings.build_warehouse, "select measure, raw_value::varchar from audit.reconciliation") == [
        ("orders", "3.0000"),
        ("order lines", "3.0000"),
        ("gross amount of the order lines", "35.0000"),
        ("refunds", "1.0000"),
        ("customer accounts", "2.0000"),
        ("ad spend", "7.0000"),
        ("e-mail events", "1.0000"),
        ("sessions", "1.0000"),
    ]
    docs = settings.data_dir / "quality" / "gate_2" / "gx" / "uncommitted" / "data_docs" / "local_site" / "index.html"
    assert docs.exists()
    assert promote(settings, info.build_id) == info.build_id


BROKEN = [
    ("delete from marts.fct_orders where order_key = 'o3'", "staging and the marts hold the same"),
    ("delete from staging.stg_shop__orders where order_key = 'o3'", "the lake and staging hold the same"),
    ("update marts.fct_order_lines set gross_amount = 10.01 where order_key = 'o1'", "staging and the marts"),
    ("update marts.dim_customers set net_revenue = 28.01 where customer_key = 'c1'", "the marts agree to the cent"),
    ("update marts.kpi_daily set numerator = null", "the marts agree to the cent"),
    ("update marts.cohort_retention set net_revenue_so_far = 33.01 where period_type = 'month'", "agree to the cent"),
    (
        "update marts.customer_stage_history set valid_to = timestamp '2024-05-02' where valid_to is not null",
        "no overlapping stays",
    ),
    (
        "update marts.customer_stage_history set valid_to = timestamp '2024-04-30' where valid_to is not null",
        "no gaps between stays",
    ),
    ("update marts.customer_stage_history set valid_to = null", "no endless stay before another"),
    ("delete from marts.customer_stage_history where customer_key = 'c2'", "in exactly one stage of every model"),
    # Who ordered is a customer of whom something is known, also when the events behind the stages forgot them.
    (
        "update marts.dim_customers set first_seen_at = null where customer_key = 'c2';"
        " delete from marts.customer_stage_history where customer_key = 'c2'",
        "in exactly one stage of every model",
    ),
    ("insert into publish.pub_loyal values ('c2')", "no member without consent"),
    ("delete from marts.customer_consents where customer_key = 'c1'", "no member without consent"),
    # Consent to e-mail is none to advertising.
    ("create table publish.pub_ads_lapsed as select 'c1' as customer_key", "no member without consent"),
    ("update marts.customer_consents set channel = 'ads'", "no member without consent"),
    ("insert into publish.pub_messages values ('c2')", "no member without consent"),
    (
        "update marts.dim_customers set is_held_out = true where customer_key = 'c1'",
        "no message or task for who is held out",
    ),
    (
        "update marts.dim_customers set is_held_out = true where customer_key = 'c2'",
        "no message or task for who is held out",
    ),
    # The call that is no experiment is not theirs; or it is an e-mail, which no call excuses.
    (
        "update marts.dim_customers set is_held_out = true where customer_key = 'c2';"
        " update seeds.campaign_playbook set hold_out_share = 0 where trigger_id = 'gone'",
        "no message or task for who is held out",
    ),
    (
        "update marts.dim_customers set is_held_out = true where customer_key = 'c1';"
        " update seeds.campaign_playbook set hold_out_share = 0",
        "no message or task for who is held out",
    ),
    ("insert into publish.pub_loyal values ('stranger')", "no member who is not a customer"),
    ("insert into publish.pub_loyal values ('c1')", "no customer twice"),
    ("update marts.campaign_triggers set customer_key = 'c1'", "a customer is sent one message"),
    ("update marts.campaign_triggers set offer_id = 'gift' where trigger_key = 't3'", "in its trigger's row"),
    ("update marts.campaign_triggers set offer_id = 'unheard of' where trigger_key = 't1'", "is on the ladder"),
    ("update marts.campaign_triggers set offer_expires_at = null", "every offer expires"),
    ("update marts.campaign_triggers set offer_expires_at = timestamp '2024-06-01'", "every offer expires"),
    ("update marts.campaign_triggers set offer_id = 'bonus' where trigger_key = 't3'", "the policy of the customer's"),
    ("update seeds.offer_policies set max_level = 1", "the policy of the customer's stage"),
    ("delete from marts.fct_email_events", "after an offer without one has failed"),
    # Its 7 days are over an instant after the run.
    (
        "update marts.fct_email_events set event_at = timestamp '2024-05-25 00:00:01'",
        "after an offer without one has failed",
    ),
    ("update marts.dim_customers set last_order_at = timestamp '2024-05-20'", "after an offer without one has failed"),
    ("update seeds.campaign_map set offer_id = 'bonus'", "after an offer without one has failed"),
    ("update seeds.campaign_map set campaign_like = 'hello'", "after an offer without one has failed"),
    # An earlier row fits its name: it carried something else.
    ("insert into seeds.campaign_map values (0, 'who we are', 'other', null)", "after an offer without one has failed"),
    ("update seeds.campaign_playbook set failed_after_days = null", "after an offer without one has failed"),
    (
        "update marts.campaign_triggers set is_selected = true, customer_key = 'c' || trigger_key;"
        " update seeds.offer_ladder set value_percent = 10 where offer_id = 'more'",
        "is offered strictly more",
    ),
    ("update seeds.trigger_parameters set value = 2.9", "cost no more than the budget"),
    ("update seeds.trigger_parameters set value = null", "there is a budget"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("sql", "rule"), BROKEN, ids=lambda part: part[:40].replace(" ", "_"))
def test_a_build_that_was_tampered_with_is_stopped(settings: Settings, sql: str, rule: str) -> None:
    tamper(settings, sql)
    with pytest.raises(GateFailed, match=rf"(?s)Gate 2 stopped the build: .*{rule}.*The live warehouse is as it was"):
        gate_2(settings, AS_OF, "run 1")


def test_a_stopped_build_is_not_recorded_and_cannot_be_promoted(settings: Settings) -> None:
    tamper(settings, "create schema meta; create table meta.build as select 'an earlier build' as build_id")
    tamper(settings, BROKEN[0][0])
    with pytest.raises(GateFailed, match=BROKEN[0][1]):
        gate_2(settings, AS_OF, "run 1")
    assert query(settings.build_warehouse, "select * from duckdb_tables() where table_name = 'build'") == []
    with pytest.raises(PromotionError, match="has not passed gate 2"):
        promote(settings)
    assert not settings.live_warehouse.exists()


@pytest.mark.parametrize(
    "sql",
    [
        "create table publish.pub_ads_lapsed as select 'c2' as customer_key;"
        " insert into marts.customer_consents values ('c2', 'ads', true)",
        # A call that is no experiment is made to everybody.
        "update marts.dim_customers set is_held_out = true where customer_key = 'c2';"
        " update seeds.campaign_playbook set hold_out_share = 0 where trigger_id = 'away'",
        # Who is held out leaves a list by their suppression, and what audiences.yml does not list goes nowhere.
        "delete from publish.pub_messages; update marts.dim_customers set is_held_out = true where customer_key = 'c1'",
        "create table publish.pub_of_old as select 'c2' as customer_key",
    ],
    ids=["consent_to_ads", "service_call", "held_out_in_a_list", "not_listed"],
)
def test_an_audience_is_judged_by_its_own_channel_and_mode(settings: Settings, sql: str) -> None:
    tamper(settings, sql)
    assert gate_2(settings, AS_OF, "run 1").build_id


def lives(settings: Settings, members: int) -> None:
    """Make a build with a segment of this size the live one."""
    resize(settings, members)
    tamper(settings, "create schema meta; create table meta.build as select 'b1' as build_id")
    promote(settings)


def resize(settings: Settings, members: int) -> None:
    query = f"select 'loyal' as segment_id, 'c' || i as customer_key from range({members}) as t(i)"
    tamper(settings, f"create or replace table marts.customer_segments as {query}")


@pytest.mark.parametrize("members", [501, 19])
def test_a_segment_may_not_explode_or_collapse(settings: Settings, members: int) -> None:
    lives(settings, 100)
    resize(settings, members)
    with pytest.raises(GateFailed, match="between a fifth and five times"):
        gate_2(settings, AS_OF, "run 2")
    assert query(settings.live_warehouse, "select build_id from meta.build") == [("b1",)]


def test_a_segment_of_fewer_than_a_hundred_may_grow_as_it_likes(settings: Settings) -> None:
    lives(settings, 99)
    resize(settings, 1000)
    gate_2(settings, AS_OF, "run 2")


def test_a_build_without_a_table_that_is_audited_is_an_error(settings: Settings) -> None:
    tamper(settings, "drop table marts.kpi_daily")
    with pytest.raises(duckdb.Error, match="kpi_daily"):
        gate_2(settings, AS_OF, "run 1")
    with pytest.raises(PromotionError):
        promote(settings)

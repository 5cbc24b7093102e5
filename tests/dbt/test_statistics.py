"""The statistics of the campaigns against published values, scipy, and random experiments whose effect is known."""

from __future__ import annotations

import re

import duckdb
import jinja2
import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from include.warehouse.dbt import PROJECT_DIR

MACROS = PROJECT_DIR / "macros" / "statistics"
MODELS = {
    "intermediate": ("int_campaigns__exposures_by_arm", "int_campaigns__exposures_paired"),
    "marts": ("campaign_lift",),
}


def value(macro: str, *arguments: object) -> float:
    """What a macro gives for literal arguments."""
    text = (MACROS / f"{macro}.sql").read_text(encoding="utf-8")
    listed = ", ".join(repr(str(argument)) for argument in arguments)
    with duckdb.connect() as con:
        return con.execute("select " + jinja2.Template(f"{text}{{{{ {macro}({listed}) }}}}").render()).fetchone()[0]


# Newcombe, Two-sided confidence intervals for the single proportion: comparison of seven methods,
# Statistics in Medicine 17 (1998), table I, method 3.
@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_as_published(successes, trials, low, high):
    assert value("wilson_bound", successes, trials, "-") == pytest.approx(low, abs=5e-5)
    assert value("wilson_bound", successes, trials, "+") == pytest.approx(high, abs=5e-5)


def test_wilson_without_trials_is_unknown():
    assert value("wilson_bound", 0, 0, "-") is None


@pytest.mark.parametrize("degrees", [4, 5, 8, 20, 99.5, 1e6])
def test_student_quantile(degrees):
    assert value("student_quantile", degrees) == pytest.approx(stats.t.ppf(0.975, degrees), abs=2e-3)


@pytest.mark.parametrize("chi_square", [0.0, 0.5, 3.8415, 6.6349, 10.8276, 30.0])
def test_chi_square_p_value(chi_square):
    assert value("chi_square_p_value", chi_square) == pytest.approx(stats.chi2.sf(chi_square, 1), abs=2e-7)


class Lift:
    """campaign_lift, as compiled, over exposures and converted exposures that a test makes up."""

    def __init__(self, project) -> None:
        """Read the SQL dbt ran in the project."""
        self.catalog = project.warehouse.stem
        self.sql = {}
        for schema, names in MODELS.items():
            for name in names:
                found = (project.folder / "target" / "compiled").glob(f"**/models/**/{name}.sql")
                # Unit tests are compiled into folders named for their yml.
                [path] = (file for file in found if file.parent.suffix != ".yml")
                self.sql[f"{schema}.{name}"] = path.read_text(encoding="utf-8")

    def of(self, exposures: pa.Table, orders: pa.Table, share: float) -> list[dict]:
        """One row per campaign over all stages.

        Args:
            exposures: exposure_key, customer_key, campaign_id, arm.
            orders: exposure_key, orders_count, net_revenue; of converted exposures.
            share: planned share of hold-outs.
        """
        with duckdb.connect() as con:
            con.execute(f'attach \':memory:\' as "{self.catalog}"; use "{self.catalog}"')
            con.execute("create schema intermediate; create schema marts; create schema seeds")
            con.execute(
                "create table intermediate.int_campaigns__exposures as "
                "select *, 's' as source, 'a' as stage, true as is_mature from exposures"
            )
            con.execute(
                "create table intermediate.int_campaigns__exposures_converted as "
                "select *, 0 as discount_amount, true as is_mature from orders"
            )
            con.execute(
                "create table intermediate.int_campaigns__mapped as select distinct 's' as source, campaign_id, "
                f"'t' as trigger_id, {share} as hold_out_share from exposures"
            )
            seed = PROJECT_DIR / "seeds" / "campaign_parameters.csv"
            con.execute(f"create table seeds.campaign_parameters as from read_csv('{seed}')")
            for name, sql in self.sql.items():
                con.execute(f"create table {name} as {sql}")
            result = con.execute(
                "from marts.campaign_lift where stage = 'all' and campaign_id <> 'all' order by campaign_id"
            )
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@pytest.fixture(scope="module")
def lift(built) -> Lift:
    return Lift(built[0])


def experiment(campaign: np.ndarray, customer: np.ndarray, held: np.ndarray, orders: np.ndarray):
    """Tables of exposures and of the converted ones; revenue is 10 an order."""
    key = pa.array([f"x{number}" for number in range(len(orders))])
    exposures = pa.table(
        {
            "exposure_key": key,
            "customer_key": pa.array([f"c{number}" for number in customer]),
            "campaign_id": pa.array([f"k{number:04d}" for number in campaign]),
            "arm": pa.array(["treated", "hold_out"]).take(pa.array(held.astype(int))),
        }
    )
    bought = np.flatnonzero(orders > 0)
    converted = pa.table(
        {
            "exposure_key": key.take(pa.array(bought)),
            "orders_count": orders[bought],
            "net_revenue": pa.array(orders[bought] * 10.0),
        }
    )
    return exposures, converted


def of_counts(treated: tuple[int, int], held_out: tuple[int, int]):
    """An experiment of so many conversions of so many customers in each arm."""
    orders = np.concatenate([np.arange(n) < k for k, n in (treated, held_out)]).astype(int)
    held = np.repeat([False, True], [treated[1], held_out[1]])
    return experiment(np.zeros(len(orders), int), np.arange(len(orders)), held, orders)


# Newcombe, Interval estimation for the difference between independent proportions: comparison of eleven methods,
# Statistics in Medicine 17 (1998), table II, method 10.
@pytest.mark.parametrize(
    ("treated", "held_out", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 10), -0.2775, 0.2775),
    ],
)
def test_newcombe_interval_as_published(lift, treated, held_out, low, high):
    [row] = lift.of(*of_counts(treated, held_out), share=0.5)
    assert row["conversion_rate_lift_low"] == pytest.approx(low, abs=6e-5)
    assert row["conversion_rate_lift_high"] == pytest.approx(high, abs=6e-5)


def test_the_score_interval_of_a_poisson_mean():
    # 9 in 9 exposures: (1 + 3.8415 / 18) -+ sqrt(3.8415 / 9 + (3.8415 / 18)^2) = 1.2134 -+ 0.6873.
    assert value("score_bound", 1.0, 1 / 9, 9, "-") == pytest.approx(0.5262, abs=2e-4)
    assert value("score_bound", 1.0, 1 / 9, 9, "+") == pytest.approx(1.9008, abs=2e-4)
    assert value("score_bound", 0.0, 0.0, 10, "-") == pytest.approx(0.0, abs=1e-9)
    assert value("score_bound", 0.0, 0.0, 10, "+") == pytest.approx(0.3841, abs=1e-4)


def test_welch_interval_of_the_revenue_agrees_with_scipy(lift):
    rng = np.random.default_rng(5)
    held = np.arange(160) >= 120
    orders = rng.poisson(np.where(held, 1.0, 1.6))
    [row] = lift.of(*experiment(np.zeros(160, int), np.arange(160), held, orders), share=0.25)
    found = stats.ttest_ind(10.0 * orders[~held], 10.0 * orders[held], equal_var=False).confidence_interval(0.95)
    assert row["orders_lift"] == pytest.approx(orders[~held].mean() - orders[held].mean())
    assert row["net_revenue_lift"] == pytest.approx(10 * row["orders_lift"])
    assert (row["net_revenue_lift_low"], row["net_revenue_lift_high"]) == pytest.approx(
        (found.low, found.high), abs=1e-4
    )


def test_the_sample_ratio_agrees_with_scipy(lift):
    [row] = lift.of(*of_counts((10, 868), (1, 132)), share=0.1)
    expected = stats.chisquare([868, 132], [900, 100]).pvalue
    assert row["sample_ratio_p_value"] == pytest.approx(expected, abs=2e-7)
    assert row["verdict"] == "sample ratio broken"


@pytest.mark.parametrize("repeats", [1, 3])
def test_the_interval_holds_the_true_effect_in_95_of_100_experiments(lift, repeats):
    """400 campaigns of 1,000 customers, a tenth held out; some buy a lot, many never.

    With repeats, each customer has that many exposures in one arm and his orders resemble each other: taking the
    exposures for independent would hold the truth in 86 of 100 only. Bounds: four standard deviations around 95 %.
    """
    rng = np.random.default_rng(repeats)
    campaigns, size, effect = 400, 1_000, 0.04
    customer = np.arange(campaigns * size)
    held, rate = rng.random(len(customer)) < 0.1, rng.gamma(0.3, 0.5, len(customer))
    customer = np.repeat(customer, repeats)
    orders = rng.poisson(rate[customer]) + ((rng.random(len(customer)) < effect) & ~held[customer])
    rows = lift.of(*experiment(customer // size, customer, held[customer], orders), share=0.1)
    assert len(rows) == campaigns
    covered = np.mean([row["orders_lift_low"] <= effect <= row["orders_lift_high"] for row in rows])
    assert covered == pytest.approx(0.95, abs=4 * (0.95 * 0.05 / campaigns) ** 0.5)
    # The share of buyers grows by less than the orders do: it is no estimate of the effect.
    assert np.mean([row["conversion_rate_lift"] for row in rows]) < effect - 0.002


def test_the_macros_of_the_folder_are_the_ones_tested():
    names = {re.search(r"macro (\w+)\(", path.read_text(encoding="utf-8"))[1] for path in MACROS.glob("*.sql")}
    assert names == {"wilson_bound", "score_bound", "student_quantile", "chi_square_p_value"}

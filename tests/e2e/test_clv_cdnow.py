"""The published fits on CDNOW's 1/10 sample, weeks as unit, calibrated to 1997-09-30, purchases of a day merged."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import numpy as np
import pytest
import yaml

from include.clv.bg_nbd import BgNbd
from include.clv.gamma_gamma import GammaGamma
from include.demo import datasets

pytestmark = [pytest.mark.e2e]

SAMPLE = "lifetimes/datasets/CDNOW_sample.txt"
SHA256 = "6fae10155c0b0ba363c2c386e30f77990d22328220efd862a5edd1443420d94a"


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    folder: Path = tmp_path_factory.mktemp("sample")
    wheel = datasets.Wheel(**yaml.safe_load(datasets.DATASETS_FILE.read_text())["cdnow"]["wheel"])
    content = datasets._fetch(wheel, folder)(SAMPLE)
    assert hashlib.sha256(content).hexdigest() == SHA256
    rows = [line.split() for line in content.decode().splitlines() if line.split()]
    csv = folder / "sample.csv"
    csv.write_text("\n".join(",".join((row[1], row[2], row[4])) for row in rows))
    with duckdb.connect() as con:
        return con.execute(
            f"""
            with days as (
                select customer, strptime(day, '%Y%m%d')::date as day, sum(spent) as spent
                from read_csv('{csv}', header = false, columns = {{customer: 'int', day: 'varchar', spent: 'double'}})
                group by all
            ),
            firsts as (select customer, min(day) as first_day from days group by all)
            select
                customer,
                (count(*) filter (where day <= date '1997-09-30') - 1)::double as frequency,
                (max(day) filter (where day <= date '1997-09-30') - any_value(first_day)) / 7 as recency,
                (date '1997-09-30' - any_value(first_day)) / 7 as age,
                coalesce(avg(spent) filter (where day > first_day and day <= date '1997-09-30'), 0) as spend,
                (count(*) filter (where day > date '1997-09-30'))::double as held_out
            from days inner join firsts using (customer)
            group by customer
            order by customer
            """
        ).fetchnumpy()


@pytest.fixture(scope="module")
def orders(customers) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return customers["frequency"], customers["recency"], customers["age"]


def test_bg_nbd_has_the_published_parameters(orders) -> None:
    model, fitted = BgNbd.fit(*orders)
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=6e-4)
    assert fitted.log_likelihood == pytest.approx(-9582.43, abs=0.006)


def test_the_published_prediction_of_one_customer(orders) -> None:
    model, _ = BgNbd.fit(*orders)
    expected = model.expected_orders(39, np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert expected[0] == pytest.approx(1.226, abs=6e-4)


def test_gamma_gamma_has_the_published_parameters(customers) -> None:
    model, fitted = GammaGamma.fit(customers["frequency"], customers["spend"])
    assert (model.p, model.q, model.v) == pytest.approx((6.25, 3.74, 15.44), abs=6e-3)
    assert fitted.log_likelihood == pytest.approx(-4055.92, abs=0.006)


def test_hold_out_of_those_who_bought_once(customers) -> None:
    once = customers["frequency"] == 0
    assert (once.sum(), customers["held_out"][once].sum()) == (1_411, 334)


def test_probability_of_silence_in_the_hold_out(customers, orders) -> None:
    """Brier score 0.161 over the 39 weeks held out, against 0.206 for one probability for all."""
    model, _ = BgNbd.fit(*orders)
    predicted = model.probability_of_silence(39, *orders)
    silent = customers["held_out"] == 0
    assert np.mean((predicted - silent) ** 2) == pytest.approx(0.161, abs=5e-4)
    assert np.mean((silent.mean() - silent) ** 2) == pytest.approx(0.206, abs=5e-4)

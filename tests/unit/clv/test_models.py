"""The two models against formulas worked out another way: by integration, by simulation and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from include.clv.bg_nbd import BgNbd
from include.clv.gamma_gamma import GammaGamma
from include.clv.likelihood import FitError, maximise

MODEL = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)


def one(*values: float) -> tuple[np.ndarray, ...]:
    return tuple(np.array([float(value)]) for value in values)


def simulated(model: BgNbd, customers: int, age: float, later: float) -> tuple[np.ndarray, ...]:
    """Orders of customers whose rates and chances of leaving are drawn: frequency, recency, age, orders later."""
    rng = np.random.default_rng(11)
    rate = rng.gamma(model.r, 1 / model.alpha, customers)
    leaving = rng.beta(model.a, model.b, customers)
    frequency, recency, after = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    for customer in range(customers):
        at = 0.0
        while (at := at + rng.exponential(1 / rate[customer])) < age + later:
            if at < age:
                frequency[customer] += 1
                recency[customer] = at
            else:
                after[customer] += 1
            if rng.random() < leaving[customer]:
                break
    return frequency, recency, np.full(customers, age), after


@pytest.fixture(scope="module")
def shop() -> tuple[np.ndarray, ...]:
    return simulated(BgNbd(r=0.8, alpha=6.0, a=0.7, b=3.0), 20_000, age=52, later=26)


def test_the_published_example() -> None:
    expected = MODEL.expected_orders(39, *one(2, 30.43, 38.86))
    assert expected[0] == pytest.approx(1.226, abs=5e-4)


@pytest.mark.parametrize(("x", "recency", "age"), [(0, 0, 30), (1, 3, 30), (2, 30.43, 38.86), (40, 20, 30)])
def test_likelihood_of_one_customer_is_the_integral_over_rates_and_chances(x, recency, age) -> None:
    def over_rates(silent: float) -> float:
        density = stats.gamma(1.2, scale=1 / 9).pdf
        return integrate.quad(lambda rate: rate**x * np.exp(-rate * silent) * density(rate), 0, 20, epsabs=0)[0]

    def over_chances(leaving: int, staying: int) -> float:
        density = stats.beta(1.3, 2.5).pdf
        return integrate.quad(lambda p: p**leaving * (1 - p) ** staying * density(p), 0, 1, epsabs=0)[0]

    integral = over_chances(0, x) * over_rates(age)
    if x:
        integral += over_chances(1, x - 1) * over_rates(recency)
    model = BgNbd(r=1.2, alpha=9.0, a=1.3, b=2.5)
    assert model.log_likelihood(*one(x, recency, age)) == pytest.approx(np.log(integral), rel=1e-6)


def test_who_never_came_back_cannot_have_left() -> None:
    assert MODEL.probability_alive(*one(0, 0, 500)).tolist() == [1.0]


def test_the_longer_the_silence_the_less_alive() -> None:
    alive = MODEL.probability_alive(np.full(3, 5.0), np.full(3, 20.0), np.array([20.0, 40.0, 200.0]))
    assert alive[0] > alive[1] > alive[2] > 0


def test_expected_orders_and_silence_are_those_of_the_simulation(shop) -> None:
    frequency, recency, age, later = shop
    model = BgNbd(r=0.8, alpha=6.0, a=0.7, b=3.0)
    expected = model.expected_orders(26, frequency, recency, age)
    silent = model.probability_of_silence(26, frequency, recency, age)
    for which in (frequency == 0, frequency == 1, (frequency > 1) & (frequency < 6), frequency >= 6):
        reach = 4 * later[which].std() / np.sqrt(which.sum())
        assert expected[which].mean() == pytest.approx(later[which].mean(), abs=reach)
        assert silent[which].mean() == pytest.approx((later[which] == 0).mean(), abs=2 / np.sqrt(which.sum()))


def test_the_fit_finds_the_parameters_of_the_simulation(shop) -> None:
    frequency, recency, age, _ = shop
    model, fitted = BgNbd.fit(frequency, recency, age)
    found, truth = np.log([model.r, model.alpha, model.a, model.b]), np.log([0.8, 6.0, 0.7, 3.0])
    assert np.all(np.abs(found - truth) < 4 * np.sqrt(np.diag(fitted.covariance)))
    assert np.all(np.diag(fitted.covariance) > 0)
    assert fitted.log_likelihood >= BgNbd(0.8, 6.0, 0.7, 3.0).log_likelihood(frequency, recency, age)


def test_hundreds_of_orders_do_not_overflow() -> None:
    assert 0 < MODEL.expected_orders(52, *one(900, 100, 100.1))[0] < 900
    assert MODEL.expected_orders(52, *one(900, 50, 500)).tolist() == [0.0]


def test_a_of_one_is_between_its_neighbours() -> None:
    at = [BgNbd(0.5, 5.0, a, 2.0).expected_orders(10, *one(3, 20, 30))[0] for a in (0.99, 1.0, 1.01)]
    assert at[0] > at[1] > at[2]


def test_the_closed_form_and_the_quadrature_are_one() -> None:
    customers = (np.array([0.0, 1, 5, 40]), np.array([0.0, 9, 28, 30]), np.full(4, 30.0))
    below, above = (BgNbd(0.5, 5.0, a, 40.0).expected_orders(52, *customers) for a in (50.0, 50.0 + 1e-9))
    assert below == pytest.approx(above, rel=1e-3)


def test_expected_spend_lies_between_the_own_mean_and_that_of_all() -> None:
    model = GammaGamma(p=6.25, q=3.74, v=15.44)
    of_all = 6.25 * 15.44 / 2.74
    expected = model.expected_spend(np.array([0.0, 1.0, 50.0]), np.array([0.0, 100.0, 100.0]))
    assert expected[0] == pytest.approx(of_all)
    # (6.25 * (15.44 + 1 * 100)) / (6.25 + 2.74) = 721.5 / 8.99
    assert expected[1] == pytest.approx(80.256, abs=1e-3)
    assert of_all < expected[1] < expected[2] < 100


def test_spend_without_a_value_is_as_if_unknown() -> None:
    model = GammaGamma(p=6.25, q=3.74, v=15.44)
    known = model.expected_spend(np.array([3.0, 3.0, 0.0]), np.array([0.0, np.nan, 7.0]))
    assert known == pytest.approx([6.25 * 15.44 / 2.74] * 3)


def test_without_a_mean_of_all_there_is_none_for_strangers() -> None:
    assert np.isnan(GammaGamma(p=2.0, q=0.9, v=15.0).expected_spend(*one(0, 0)))[0]


def test_nothing_to_fit_is_an_error_that_says_so() -> None:
    with pytest.raises(FitError, match="no repeat order has a value above 0"):
        GammaGamma.fit(np.array([2.0, 0.0]), np.array([0.0, 9.0]))
    with pytest.raises(FitError, match="no likelihood at the start"):
        maximise(lambda parameters: float("nan"), np.array([1.0]))

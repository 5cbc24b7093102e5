"""Predictions for a shop's customers: the same in any order, and never a crash on data that carry no model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from include.clv.customers import Purchases, Settings, hold_out, predict, with_horizon

SETTINGS = Settings(horizon_days=365, silence_days=90, sample_customers=1000, min_repeat_customers=20)
PREDICTIONS = ("probability_alive", "probability_of_silence", "expected_orders", "expected_value")


def shop(customers: int = 600, spend: float = 20.0) -> Purchases:
    rng = np.random.default_rng(3)
    frequency = rng.poisson(rng.gamma(0.5, 6.0, customers)).astype(float)
    age = rng.integers(30, 700, customers).astype(float)
    recency = np.where(frequency > 0, np.floor(age * rng.beta(2, 1, customers)), 0.0)
    value = np.where(frequency > 0, spend * rng.gamma(4, 0.25, customers), 0.0)
    return Purchases(pa.array([f"c{i:05}" for i in range(customers)]), frequency, recency, age, value)


def test_every_customer_is_predicted() -> None:
    table = predict(shop(), SETTINGS)
    assert table.num_rows == 600
    assert all(table[name].null_count == 0 for name in PREDICTIONS)
    assert table["reason"].null_count == 600


def test_the_interval_holds_the_expected_value() -> None:
    table = predict(shop(), SETTINGS)
    low, middle, high = (
        table[name].to_numpy() for name in ("expected_value_low", "expected_value", "expected_value_high")
    )
    assert np.all((low >= 0) & (low <= middle) & (middle <= high))
    assert np.all(low[middle > 1] < high[middle > 1])


def test_the_order_of_the_rows_changes_nothing() -> None:
    purchases = shop()
    settings = replace(SETTINGS, sample_customers=300)
    turned = predict(purchases.take(np.arange(600)[::-1].copy()), settings)
    assert turned.sort_by("customer_key").equals(predict(purchases, settings))


def test_the_sample_is_no_larger_than_asked() -> None:
    assert hold_out(shop(), replace(SETTINGS, sample_customers=300)).num_rows == 300


def test_a_shorter_horizon_expects_fewer_orders() -> None:
    year, month = (predict(shop(), with_horizon(SETTINGS, days))["expected_orders"].to_numpy() for days in (365, 30))
    assert np.all(month <= year)
    assert month.sum() < year.sum()


def test_the_silence_is_no_longer_than_what_is_held_out() -> None:
    assert with_horizon(SETTINGS, 30).silence_days == 30
    assert with_horizon(SETTINGS, 180).silence_days == 90


def constant(customers: int, frequency: float, recency: float, age: float, spend: float) -> Purchases:
    columns = (np.full(customers, value) for value in (frequency, recency, age, spend))
    return Purchases(pa.array([f"c{i:05}" for i in range(customers)]), *columns)


DEGENERATE = {
    "nobody": constant(0, 0, 0, 0, 0),
    "one customer": constant(1, 3, 20, 30, 10),
    "nobody came back": constant(500, 0, 0, 100, 0),
    "all alike": constant(500, 2, 20, 30, 10),
    "all on the last day": constant(500, 0, 0, 0, 0),
    "all came back on the last day": constant(500, 4, 9, 9, 10),
    "nothing was paid": shop(spend=0.0),
    "far more than anybody orders": constant(500, 5000, 900, 901, 1e9),
}


@pytest.mark.parametrize("purchases", DEGENERATE.values(), ids=list(DEGENERATE))
def test_data_that_carry_no_model_end_in_null_and_a_reason(purchases: Purchases) -> None:
    table = predict(purchases, SETTINGS)
    assert table.num_rows == len(purchases.keys)
    for row in table.to_pylist():
        missing = [name for name in PREDICTIONS if row[name] is None]
        assert bool(missing) == bool(row["reason"])
        assert all(np.isfinite(row[name]) for name in PREDICTIONS if name not in missing)


def test_the_reason_names_what_is_missing() -> None:
    table = predict(DEGENERATE["nobody came back"], SETTINGS)
    assert set(table["reason"].to_pylist()) == {"0 customers with a repeat order; 20 are needed"}
    unpaid = predict(DEGENERATE["nothing was paid"], SETTINGS)
    assert set(unpaid["reason"].to_pylist()) == {"no repeat order has a value above 0"}
    assert unpaid["expected_orders"].null_count == 0


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(KeyError, match="clv_sample_customers"):
        Settings.of({"clv_horizon_days": 365, "churn_horizon_days": 90})

"""The customers of a shop and what is to be expected of each: both models fitted, both applied, and never a crash.

Where the data do not carry a model, the predictions are NULL and the reason says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from include.clv.bg_nbd import BgNbd
from include.clv.gamma_gamma import GammaGamma
from include.clv.likelihood import FitError, Fitted

Array = NDArray[np.float64]
DAYS_A_WEEK = 7.0  # the models are fitted in weeks; the unit only keeps the numbers near 1
Z_95 = 1.959964
ORDERS = ("probability_alive", "probability_of_silence", "expected_orders")
VALUE = ("expected_spend", "expected_value", "expected_value_low", "expected_value_high")


@dataclass(frozen=True)
class Settings:
    """What the seed segment_parameters says about predictions.

    Attributes:
        horizon_days: Time for which orders and value are predicted.
        silence_days: Time of the probability of no order.
        sample_customers: Customers the models are fitted on, at most.
        min_repeat_customers: Customers with a repeat order below whom nothing is fitted.
    """

    horizon_days: float
    silence_days: float
    sample_customers: int
    min_repeat_customers: int

    @classmethod
    def of(cls, parameters: Mapping[str, float]) -> Settings:
        """Return the settings from the rows of the seed; a missing one is a KeyError that names it."""
        return cls(
            horizon_days=float(parameters["clv_horizon_days"]),
            silence_days=float(parameters["churn_horizon_days"]),
            sample_customers=int(parameters["clv_sample_customers"]),
            min_repeat_customers=int(parameters["clv_min_repeat_customers"]),
        )


@dataclass(frozen=True)
class Purchases:
    """Customers in columns of one length; times in days, spend in the reporting currency.

    Attributes:
        keys: Customer keys.
        frequency: Order days after the first.
        recency: Days from the first to the last order day.
        age: Days from the first order day to the last day known.
        spend: Mean value of the order days after the first; 0 or less where there is none.
    """

    keys: pa.Array
    frequency: Array
    recency: Array
    age: Array
    spend: Array

    @classmethod
    def of(cls, table: pa.Table) -> Purchases:
        """Return the columns customer_key, frequency, recency_days, age_days and spend of a table."""
        numbers = [
            np.nan_to_num(table.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False))
            for name in ("frequency", "recency_days", "age_days", "spend")
        ]
        return cls(table.column("customer_key").cast(pa.string()).combine_chunks(), *numbers)

    def sample(self, customers: int) -> NDArray[np.intp]:
        """Return the places of at most so many customers, the same for the same keys in any order."""
        hashes = pd.util.hash_array(self.keys.to_numpy(zero_copy_only=False), categorize=False)
        return np.argsort(hashes, kind="stable")[:customers]

    def take(self, places: NDArray[np.intp]) -> Purchases:
        """Return the customers at these places."""
        return Purchases(self.keys.take(pa.array(places)), *(column[places] for column in self.columns))

    @property
    def columns(self) -> tuple[Array, Array, Array, Array]:
        """Frequency, recency, age and spend."""
        return self.frequency, self.recency, self.age, self.spend

    @property
    def weeks(self) -> tuple[Array, Array, Array]:
        """Frequency, recency and age with weeks as the unit of time."""
        return self.frequency, self.recency / DAYS_A_WEEK, self.age / DAYS_A_WEEK


def predict(purchases: Purchases, settings: Settings) -> pa.Table:
    """Fit on a sample and predict for all customers.

    Returns:
        One row per customer: customer_key, the columns of ORDERS and of VALUE, reason. What cannot be told is NULL, and
        the reason says why.
    """
    fitted_on = purchases.take(purchases.sample(settings.sample_customers))
    predictions, reason = {}, _too_few(fitted_on, settings)
    try:
        if not reason:
            orders, orders_fit = BgNbd.fit(*fitted_on.weeks)
            predictions = _orders(orders, purchases, settings)
            value, value_fit = GammaGamma.fit(fitted_on.frequency, fitted_on.spend)
            money = _value(orders, orders_fit, value, value_fit, purchases, settings)
            if np.isnan(money["expected_value"]).any():
                reason = "orders vary so much in value that their mean cannot be told"
            else:
                predictions |= money
    except FitError as error:
        reason = str(error)
    return _table(purchases, predictions, ORDERS + VALUE, reason)


def hold_out(before: Purchases, settings: Settings) -> pa.Table:
    """Predict the orders of the time held out from what was known before it, for the sample the model is fitted on.

    Returns:
        One row per customer of the sample: customer_key, the columns of ORDERS, reason.
    """
    sampled = before.take(before.sample(settings.sample_customers))
    predictions, reason = {}, _too_few(sampled, settings)
    try:
        if not reason:
            predictions = _orders(BgNbd.fit(*sampled.weeks)[0], sampled, settings)
    except FitError as error:
        reason = str(error)
    return _table(sampled, predictions, ORDERS, reason)


def _table(purchases: Purchases, predictions: Mapping[str, Array], names: tuple[str, ...], reason: str) -> pa.Table:
    nothing = np.full(len(purchases.keys), np.nan)
    columns = {name: pa.array(np.round(predictions.get(name, nothing), 6), from_pandas=True) for name in names}
    reasons = pa.repeat(pa.scalar(reason or None, pa.string()), len(nothing))
    return pa.table({"customer_key": purchases.keys, **columns, "reason": reasons})


def with_horizon(settings: Settings, days: float) -> Settings:
    """Return the settings with another time to predict."""
    return replace(settings, horizon_days=days, silence_days=min(days, settings.silence_days))


def _too_few(purchases: Purchases, settings: Settings) -> str:
    repeats = int((purchases.frequency > 0).sum())
    if repeats < settings.min_repeat_customers:
        return f"{repeats} customers with a repeat order; {settings.min_repeat_customers} are needed"
    return ""


def _orders(model: BgNbd, purchases: Purchases, settings: Settings) -> dict[str, Array]:
    return {
        "probability_alive": model.probability_alive(*purchases.weeks),
        "probability_of_silence": model.probability_of_silence(settings.silence_days / DAYS_A_WEEK, *purchases.weeks),
        "expected_orders": model.expected_orders(settings.horizon_days / DAYS_A_WEEK, *purchases.weeks),
    }


def _value(
    orders: BgNbd,
    orders_fit: Fitted,
    value: GammaGamma,
    value_fit: Fitted,
    purchases: Purchases,
    settings: Settings,
) -> dict[str, Array]:
    """Return the money, with the interval by the delta method: how sure the two fits are of the expected value."""
    weeks = settings.horizon_days / DAYS_A_WEEK

    def many(parameters: Array) -> Array:
        return BgNbd(*parameters.tolist()).expected_orders(weeks, *purchases.weeks)

    def each(parameters: Array) -> Array:
        return GammaGamma(*parameters.tolist()).expected_spend(purchases.frequency, purchases.spend)

    at_orders, at_value = np.array(astuple(orders)), np.array(astuple(value))
    count, spend = many(at_orders), each(at_value)
    variance = spend**2 * _variance(many, at_orders, count, orders_fit.covariance)
    variance += count**2 * _variance(each, at_value, spend, value_fit.covariance)
    reach = Z_95 * np.sqrt(variance)
    return {
        "expected_spend": spend,
        "expected_value": count * spend,
        "expected_value_low": np.maximum(count * spend - reach, 0),
        "expected_value_high": count * spend + reach,
    }


def _variance(function: Callable[[Array], Array], at: Array, here: Array, covariance: Array) -> Array:
    """Variance of a function of parameters whose logarithms have the covariance, one per customer."""
    step = 1e-4
    slopes = np.stack([(function(at * np.exp(step * unit)) - here) / step for unit in np.eye(len(at))])
    return np.maximum(np.einsum("ic,ij,jc->c", slopes, covariance, slopes, optimize=True), 0)

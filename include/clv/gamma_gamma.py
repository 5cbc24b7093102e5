"""Gamma-Gamma: what an order of a customer is worth on average.

Fader and Hardie (2013), The Gamma-Gamma Model of Monetary Value. A customer's orders vary about a mean of their own,
and the means vary over customers; the fewer orders are known of one, the more the mean of all counts. Spend must not
hang on frequency.

    frequency  orders after the first, as in bg_nbd
    spend      their mean value, in any currency; only customers with a repeat order and a spend above 0 count
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from include.clv.likelihood import FitError, Fitted, maximise

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GammaGamma:
    """Parameters: an order is gamma(p, rate), the rates of customers are gamma(q, v)."""

    p: float
    q: float
    v: float

    @classmethod
    def fit(cls, frequency: Array, spend: Array) -> tuple[Self, Fitted]:
        """Return the parameters of highest likelihood, and how sure they are.

        Raises:
            FitError: Nobody has a repeat order with a value, or no maximum was found.
        """
        known = _known(frequency, spend)
        x, m = np.asarray(frequency, dtype=float)[known], np.asarray(spend, dtype=float)[known]
        if not len(x):
            raise FitError("no repeat order has a value above 0")
        start = np.array([4.0, 4.0, float(np.median(m))])
        fitted = maximise(lambda parameters: _log_likelihood(x, m, *parameters), start)
        return cls(*fitted.parameters.tolist()), fitted

    def log_likelihood(self, frequency: Array, spend: Array) -> float:
        """Return the log-likelihood of those customers who have a repeat order with a value."""
        known = _known(frequency, spend)
        return _log_likelihood(frequency[known], spend[known], self.p, self.q, self.v)

    def expected_spend(self, frequency: Array, spend: Array) -> Array:
        """Return the expected value of a coming order; the mean of all customers where nothing is known of one.

        The mean of all exists for q > 1 only: below, customers without a repeat order get NaN.
        """
        x = np.where(_known(frequency, spend), frequency, 0.0)
        own = np.where(x > 0, spend, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            expected = self.p * (self.v + x * own) / (self.p * x + self.q - 1)
        return np.where(self.p * x + self.q > 1, expected, np.nan)


def _known(frequency: Array, spend: Array) -> NDArray[np.bool_]:
    return (np.asarray(frequency) > 0) & (np.nan_to_num(np.asarray(spend, dtype=float)) > 0)


def _log_likelihood(x: Array, m: Array, p: float, q: float, v: float) -> float:
    return float(
        np.sum(
            gammaln(p * x + q)
            - gammaln(p * x)
            - gammaln(q)
            + q * np.log(v)
            + (p * x - 1) * np.log(m)
            + p * x * np.log(x)
            - (p * x + q) * np.log(x * m + v)
        )
    )

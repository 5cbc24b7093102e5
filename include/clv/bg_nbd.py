"""BG/NBD: how many orders a customer will place, and whether they are still a customer at all.

Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2). While a customer is alive
they order at a rate of their own (gamma over customers); after each order they may leave for good with a probability of
their own (beta over customers). Three numbers say all there is to know of a customer:

    frequency  orders after the first (order days, where several orders of one day count once)
    recency    time from the first to the last order; 0 when frequency is 0
    age        time from the first order to the end of what is known

All three are arrays of one length; times are in one unit, any.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaln, hyp2f1

from include.clv.likelihood import Fitted, maximise

Array = NDArray[np.float64]
LARGE_A = 50.0  # from here on the closed form multiplies numbers too small by numbers too large


@dataclass(frozen=True)
class BgNbd:
    """Parameters: rates are gamma(r, alpha), chances of leaving are beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def fit(cls, frequency: Array, recency: Array, age: Array) -> tuple[Self, Fitted]:
        """Return the parameters of highest likelihood, and how sure they are.

        Raises:
            FitError: There is nothing to fit, or no maximum was found.
        """
        counted = _Counted(frequency, recency, age)
        # A rate of about one order in the middle age is a start in any unit of time.
        middle = float(np.median(age)) or 1.0
        fitted = maximise(lambda parameters: counted.log_likelihood(*parameters), np.array([1.0, middle, 1.0, 2.0]))
        return cls(*fitted.parameters.tolist()), fitted

    def log_likelihood(self, frequency: Array, recency: Array, age: Array) -> float:
        """Return the log-likelihood of these customers."""
        return _Counted(frequency, recency, age).log_likelihood(*astuple(self))

    def probability_alive(self, frequency: Array, recency: Array, age: Array) -> Array:
        """Return the probability that the customer has not left; 1 without a repeat order, for leaving follows one."""
        with np.errstate(over="ignore"):
            odds = np.exp(
                np.log(self.a)
                - np.log(np.where(frequency > 0, self.b + frequency - 1, 1.0))
                + (self.r + frequency) * np.log((self.alpha + age) / (self.alpha + recency))
            )
        return 1 / (1 + np.where(frequency > 0, odds, 0.0))

    def expected_orders(self, time: float, frequency: Array, recency: Array, age: Array) -> Array:
        """Return the expected number of orders in the coming `time` (equation 10).

        Euler's transformation takes the large arguments out of the hypergeometric function, so that it holds for
        customers of hundreds of orders.
        """
        if self.a > LARGE_A:
            orders = self._orders_if_alive(time, frequency, age)
        else:
            # a = 1 is a removable singularity of the closed form.
            a = self.a if abs(self.a - 1) > 1e-6 else 1 + 1e-6
            spent = time / (self.alpha + age + time)
            series = hyp2f1(a - 1, a + self.b - 1 - self.r, a + self.b + frequency - 1, spent)
            orders = (a + self.b + frequency - 1) / (a - 1) * (1 - (1 - spent) ** (a - 1) * series)
        return np.maximum(orders, 0) * self.probability_alive(frequency, recency, age)

    def _orders_if_alive(self, time: float, frequency: Array, age: Array) -> Array:
        """Return the same by quadrature over the chance of leaving, which is narrow and smooth for a large a.

        Who is alive has a rate gamma(r + frequency, alpha + age) and a chance of leaving beta(a, b + frequency); of
        rate l and chance p, (1 - exp(-l p time)) / p orders are expected.
        """
        nodes, weights = np.polynomial.legendre.leggauss(24)
        few, which = np.unique(frequency, return_inverse=True)
        known = self.alpha + age
        orders = np.zeros(len(frequency))
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            chance = betaincinv(self.a, self.b + few, node)[which]
            orders += weight * (1 - (known / (known + chance * time)) ** (self.r + frequency)) / chance
        return orders

    def probability_of_silence(self, time: float, frequency: Array, recency: Array, age: Array) -> Array:
        """Return the probability of no order in the coming `time`.

        Who is alive leaves only after an order, so the wait for the next is that of a Poisson process whose rate is
        gamma(r + frequency, alpha + age).
        """
        waits = ((self.alpha + age) / (self.alpha + age + time)) ** (self.r + frequency)
        return 1 - self.probability_alive(frequency, recency, age) * (1 - waits)


class _Counted:
    """The likelihood of equation 6, gamma functions computed once per frequency, for frequencies are few."""

    def __init__(self, frequency: Array, recency: Array, age: Array) -> None:
        self.frequency, self.recency, self.age = (np.asarray(v, dtype=float) for v in (frequency, recency, age))
        self.frequencies, self.which, self.customers = np.unique(
            self.frequency, return_inverse=True, return_counts=True
        )
        self.repeats = self.frequency > 0

    def log_likelihood(self, r: float, alpha: float, a: float, b: float) -> float:
        x = self.frequencies
        shared = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        shared += gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
        alive = -(r + self.frequency) * np.log(alpha + self.age)
        left = np.full_like(alive, -np.inf)
        leaving = np.log(a) - np.log(np.maximum(b + x - 1, 1e-12))
        left[self.repeats] = leaving[self.which[self.repeats]] - (r + self.frequency[self.repeats]) * np.log(
            alpha + self.recency[self.repeats]
        )
        return float(np.dot(shared, self.customers) + np.logaddexp(alive, left).sum())

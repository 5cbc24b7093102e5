"""Maximum likelihood for positive parameters: the maximum, and the covariance that the curvature there gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]
FARTHEST = 7.0  # parameters are searched from a thousandth of the start to a thousand times it


class FitError(RuntimeError):
    """The data do not determine the parameters; the message says why."""


@dataclass(frozen=True)
class Fitted:
    """Where the likelihood is highest.

    Attributes:
        parameters: The maximum.
        log_likelihood: Its height.
        covariance: Of the logarithms of the parameters; 0 for one that the data push to the edge of what is allowed.
    """

    parameters: Array
    log_likelihood: float
    covariance: Array


def maximise(log_likelihood: Callable[[Array], float], start: Array) -> Fitted:
    """Return the maximum over positive parameters, searched over their logarithms.

    Customers who are all alike leave a ridge of parameters of one likelihood: any point of it predicts the same, so a
    search that still walks along it at its end is good enough.

    Raises:
        FitError: The likelihood is not even a number at the start.
    """

    def cost(logarithms: Array) -> float:
        value = -log_likelihood(np.exp(logarithms))
        return value if np.isfinite(value) else 1e300

    begin = np.log(start)
    if not np.all(np.isfinite(begin)) or cost(begin) >= 1e300:
        raise FitError("no likelihood at the start: no customers, or times and values that are not positive")
    scale = max(abs(cost(begin)), 1.0)
    bounds = [(at - FARTHEST, at + FARTHEST) for at in begin]
    found = minimize(
        lambda at: cost(at) / scale, begin, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13, "gtol": 1e-9}
    )
    # The simplex search needs no gradient: it ends what rounding in the differences left unfinished.
    found = minimize(
        lambda at: cost(at) / scale,
        found.x,
        method="Nelder-Mead",
        bounds=bounds,
        options={"xatol": 1e-5, "fatol": 1e-12, "maxfev": 600},
    )
    return Fitted(np.exp(found.x), -cost(found.x), _covariance(cost, found.x))


def _covariance(cost: Callable[[Array], float], at: Array) -> Array:
    """Return the inverse of the curvature in those directions in which the cost is curved at all."""
    size, step = len(at), 1e-3
    steps = np.eye(size) * step
    curvature = np.zeros((size, size))
    for i in range(size):
        for j in range(i, size):
            corners = [cost(at + s * steps[i] + t * steps[j]) * s * t for s in (1, -1) for t in (1, -1)]
            curvature[i, j] = curvature[j, i] = sum(corners) / (4 * step * step)
    values, vectors = np.linalg.eigh(curvature)
    inverse = np.where(values > max(values.max(), 0) * 1e-9, 1 / np.where(values > 0, values, np.inf), 0.0)
    return (vectors * inverse) @ vectors.T

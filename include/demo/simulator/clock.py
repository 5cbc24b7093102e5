"""Time of the simulation: the window, the shop's local days and the daily rhythm, on arrays of UTC epoch seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

TIME_ZONE = "Europe/Berlin"
DAY = 86_400
START = int(datetime(2023, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
DAYS = (END - START) // DAY

# Earliest and latest second of a local day for a first contact: a visit before it and an order after it still fall on
# the same local day, and the first and last day of the window stay inside the window in UTC.
EARLIEST_SECOND, LATEST_SECOND = 5_400, 84_000

_HOUR_WEIGHTS = np.array([4, 2, 1, 1, 1, 2, 5, 9, 12, 14, 15, 15, 14, 13, 13, 14, 15, 17, 20, 22, 22, 18, 12, 7], float)
_RHYTHM = np.concatenate([[0.0], np.cumsum(_HOUR_WEIGHTS) / _HOUR_WEIGHTS.sum()])
_HOURS = np.arange(25) / 24


@lru_cache(maxsize=1)
def _offsets() -> np.ndarray:
    zone = ZoneInfo(TIME_ZONE)
    hours = range(START - DAY, END + 2 * DAY, 3_600)
    return np.array([int(datetime.fromtimestamp(hour, zone).utcoffset().total_seconds()) for hour in hours])


def _offset(seconds: np.ndarray) -> np.ndarray:
    return _offsets()[(seconds - (START - DAY)) // 3_600]


def local_day(seconds: np.ndarray) -> np.ndarray:
    """Return the shop-local day as the number of days since 2023-01-01."""
    return (seconds + _offset(seconds) - START) // DAY


def local_midnight(day: np.ndarray) -> np.ndarray:
    """Return the UTC second at which a shop-local day begins."""
    midnight = START + np.asarray(day) * DAY
    # Clocks change at 01:00 UTC, so the offset two hours before is the one at midnight in summer and in winter.
    return midnight - _offset(midnight - 7_200)


def second_of_day(uniform: np.ndarray) -> np.ndarray:
    """Turn uniform numbers into seconds of a day that follow the shop's daily rhythm."""
    return (np.interp(uniform, _RHYTHM, _HOURS) * DAY).astype(np.int64)


def with_rhythm(seconds: np.ndarray) -> np.ndarray:
    """Move moments within their day so that they follow the daily rhythm; their order stays as it was."""
    day = seconds // DAY
    return (day + np.interp(seconds / DAY - day, _RHYTHM, _HOURS)) * DAY


def without_rhythm(seconds: np.ndarray) -> np.ndarray:
    """Undo with_rhythm."""
    day = seconds // DAY
    return (day + np.interp(seconds / DAY - day, _HOURS, _RHYTHM)) * DAY

"""Rate limits as a vendor enforces them."""

from __future__ import annotations

import time
from collections import defaultdict


class Gate:
    """Fixed windows: at most so many requests of a kind in each span of so many seconds."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, float, int], int] = defaultdict(int)

    def wait(self, kind: str, windows: tuple[tuple[int, float], ...]) -> float | None:
        """Count a request.

        Args:
            kind: what the windows count.
            windows: (most requests, seconds).

        Returns:
            None when it may pass, otherwise the seconds until it may.
        """
        now = time.monotonic()
        spans = [(kind, seconds, int(now // seconds)) for _, seconds in windows]
        for (most, seconds), span in zip(windows, spans, strict=True):
            if self._counts[span] >= most:
                return (span[2] + 1) * seconds - now
        for span in spans:
            self._counts[span] += 1
        return None

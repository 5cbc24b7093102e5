"""A vendor's HTTP API: its rate limits kept, temporary failures tried again, refusals told apart from rows' faults.

Nothing here logs or raises with a body, a query or a header: they hold contact data and credentials.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from pyrate_limiter import Limiter, Rate

from include.destinations.base import DestinationRefused
from include.destinations.http import RetryRules, send_with_retries

if TYPE_CHECKING:
    from include.destinations.rows import VendorRow

# httpx logs every request's full address at INFO, and a query may hold an e-mail address.
logging.getLogger("httpx").setLevel(logging.WARNING)

NOT_ALLOWED = frozenset({401, 403})
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Window:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


@dataclass
class Api:
    """One vendor's API under one account.

    Attributes:
        who: destination id, for error texts.
        base_url: address without a trailing slash, over TLS except on loopback.
        headers: sent with every request: credentials, version.
        windows: limits of the account that hold for every request; empty when the vendor names none.
        rules: how often and how long a request is tried.
        timeout_seconds: of one attempt.
        connection: id of the Airflow connection with the credentials, for error texts.
        throttles: whether an answer means "too fast" although its status says something else; treated as 429.
    """

    who: str
    base_url: str
    headers: Mapping[str, str] = field(repr=False)
    windows: Sequence[Window] = ()
    rules: RetryRules = field(default_factory=RetryRules)
    timeout_seconds: float = 60
    connection: str = ""
    throttles: Callable[[httpx.Response], bool] = lambda response: False

    @classmethod
    def of(
        cls,
        row: VendorRow,
        base_url: str,
        headers: Mapping[str, str],
        windows: Sequence[Window] = (),
        throttles: Callable[[httpx.Response], bool] = lambda response: False,
    ) -> Api:
        """Make the API of a destination's row."""
        return cls(row.id, base_url, headers, windows, row.rules, row.timeout_seconds, row.connection, throttles)

    def __post_init__(self) -> None:
        address = httpx.URL(self.base_url)
        if address.scheme != "https" and address.host not in LOOPBACK:
            raise DestinationRefused(
                f"{self.who}: the address of the Airflow connection '{self.connection}' is {address.scheme}://"
                f"{address.host}, expected https: contact data must not travel in clear."
            )
        self._client = httpx.Client(
            base_url=self.base_url, headers=dict(self.headers), timeout=self.timeout_seconds, follow_redirects=False
        )
        self._limiter = limiter(self.windows)
        self._by_key: dict[str, Limiter | None] = {}
        self._lock = threading.Lock()

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str | int] | None = None,
        key: str | None = None,
        windows: Sequence[Window] = (),
        once: bool = False,
    ) -> httpx.Response:
        """Send a request and wait for a lasting answer.

        Args:
            method: HTTP method.
            path: after base_url, with a leading slash.
            json: body; None for none.
            form: body as a form instead.
            params: query.
            key: names what `windows` limit, when an operation has limits of its own.
            windows: those limits.
            once: True never tries again: for operations that a repetition would carry out twice.

        Returns:
            An answer that is neither temporary nor a refusal of the credentials; its status is the caller's to read.

        Raises:
            DestinationUnavailable: no lasting answer came; the vendor may or may not have acted.
            DestinationRefused: the credentials or their scopes do not allow it.
        """

        def attempt() -> httpx.Response:
            # One thread waits at a time; two that waited together would both take the first free place.
            with self._lock:
                for one in (self._limiter, self._own_limiter(key, windows)):
                    if one is not None:
                        one.try_acquire(self.who)
            response = self._client.request(method, path, json=json, data=form, params=params)
            if self.throttles(response):
                response.status_code = 429
            return response

        rules = RetryRules(attempts=1) if once else self.rules
        response = send_with_retries(attempt, rules, self.who, httpx.URL(self.base_url).host)
        if response.status_code in NOT_ALLOWED:
            raise DestinationRefused(
                f"{self.who}: {httpx.URL(self.base_url).host} answered HTTP {response.status_code} to {method} on "
                f"{self.who}'s account. Check the credentials and scopes of the Airflow connection '{self.connection}' "
                f"(docs/destinations/ lists them), then run again."
            )
        return response

    def refused(self, response: httpx.Response, doing: str) -> DestinationRefused:
        """Make the error for an answer that is nobody's row's fault; its body is left out."""
        return DestinationRefused(
            f"{self.who}: HTTP {response.status_code} while {doing}; expected 2xx. Check the row of '{self.who}' in "
            "destinations.yml against its page in docs/destinations/, then run again."
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _own_limiter(self, key: str | None, windows: Sequence[Window]) -> Limiter | None:
        if key is None or not windows:
            return None
        if key not in self._by_key:
            self._by_key[key] = limiter(windows)
        return self._by_key[key]


def limiter(windows: Sequence[Window]) -> Limiter | None:
    """Return what keeps to all windows, the shortest first; None without any."""
    rates = [Rate(w.requests, round(w.seconds * 1000)) for w in sorted(windows, key=lambda w: w.seconds)]
    return Limiter(rates) if rates else None

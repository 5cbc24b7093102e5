"""Requests over HTTP to somebody else's server: what is retried, how long, and when to give up.

Nothing here logs or raises with a body, a header or the path of an address: bodies hold contact data and the paths of
web hooks are often secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from include.destinations.base import DestinationUnavailable

RETRIED_STATUSES = frozenset({408, 425, 429})


@dataclass(frozen=True)
class RetryRules:
    """How often and how long.

    Attributes:
        attempts: most requests for one batch, the first included.
        first_wait: upper bound of the first wait in seconds; it doubles with each attempt and is drawn at random.
        max_wait: longest wait in seconds between two attempts, also when the server asks for more.
    """

    attempts: int = 6
    first_wait: float = 1.0
    max_wait: float = 60.0


class _TryAgain(Exception):
    """An attempt failed in a way that may pass."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header: seconds or an HTTP date (RFC 9110, 10.2.3).

    Args:
        value: the header, None when absent.
        now: aware time against which a date is counted.

    Returns:
        Seconds to wait, never negative; None when absent or unreadable.
    """
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value.strip())
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - now).total_seconds())


def is_temporary(status: int) -> bool:
    """Whether the same request may succeed later: too early, too many, timed out or an error of the server's own."""
    return status in RETRIED_STATUSES or status >= 500


def post_with_retries(
    client: httpx.Client,
    url: str,
    content: bytes,
    headers: Callable[[], Mapping[str, str]],
    rules: RetryRules,
    who: str,
) -> httpx.Response:
    """Post until the server gives a lasting answer; see `send_with_retries`.

    Args:
        client: with its timeouts set; redirects must not be followed.
        url: address; only its host is ever named in an error.
        content: body, the same in every attempt.
        headers: called before each attempt, so that a signature carries the attempt's own time.
        rules: bounds.
        who: destination id for the error text.
    """
    return send_with_retries(
        lambda: client.post(url, content=content, headers=dict(headers())), rules, who, httpx.URL(url).host
    )


def send_with_retries(send: Callable[[], httpx.Response], rules: RetryRules, who: str, host: str) -> httpx.Response:
    """Send a request until the server gives a lasting answer.

    Args:
        send: sends it once.
        rules: bounds.
        who: destination id for the error text.
        host: for the error text; the only part of the address that is ever named.

    Returns:
        An answer that is neither temporary (408, 425, 429, 5xx) nor a lost connection.

    Raises:
        DestinationUnavailable: all attempts failed; the server may or may not have acted.
    """
    backoff = wait_random_exponential(multiplier=rules.first_wait, max=rules.max_wait)

    def wait(state: RetryCallState) -> float:
        failure = state.outcome.exception() if state.outcome else None
        asked = failure.wait if isinstance(failure, _TryAgain) else None
        return min(asked, rules.max_wait) if asked is not None else backoff(state)

    def attempt() -> httpx.Response:
        try:
            response = send()
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _TryAgain(type(error).__name__) from None
        if is_temporary(response.status_code):
            asked = retry_after_seconds(response.headers.get("Retry-After"), datetime.now(UTC))
            raise _TryAgain(f"HTTP {response.status_code}", asked)
        return response

    retrying = Retrying(
        stop=stop_after_attempt(rules.attempts), wait=wait, retry=retry_if_exception_type(_TryAgain), reraise=True
    )
    try:
        return retrying(attempt)
    except _TryAgain as last:
        raise DestinationUnavailable(
            f"{who}: {host} gave no usable answer in {rules.attempts} attempts (last: {last}). What it "
            "confirmed before is recorded; the rest is sent again by the next run."
        ) from None

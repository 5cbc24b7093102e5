"""Answers of Meta's Graph API: what passes, what is too much at once, what is the operator's, and how long to rest."""

from __future__ import annotations

import json
import time
from typing import Any, Final

import requests
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from include.sources.pull.base import PullRefused
from include.sources.pull.client import Client

TOO_FAST: Final = frozenset({4, 17, 32, 613, *range(80000, 80015)})
PASSING: Final = frozenset({1, 2})
TOO_MUCH: Final = frozenset({1487534, 1504018, 1504038})
"""Subcodes of reports that are too large or take too long."""
READABLE: Final = (400, 401, 403, 404, 500)
BUSY_FROM: Final = 75
"""Share of the budget, in percent, from which requests are spaced out."""


class TooMuchData(Exception):
    """A report spans more than Meta can give at once."""


class After(JSONResponseCursorPaginator):
    """Follows the cursor, not the ready-made address of the next page: that one carries the token."""

    def __init__(self) -> None:
        super().__init__(cursor_path="paging.cursors.after", cursor_param="after")

    def update_state(self, response: requests.Response, data: list[Any] | None = None) -> None:
        super().update_state(response, data)
        if "next" not in response.json().get("paging", {}):
            self._next_reference = None


def call(client: Client, method: str, path: str, **content: Any) -> dict[str, Any]:
    """Return the JSON of one answer.

    Raises:
        TooMuchData: Meta cannot give so much at once.
        PullRefused: it will not answer as things stand.
    """
    response = client.request(method, path, accept=READABLE, **content)
    expect(client, response)
    return response.json()


def expect(client: Client, response: requests.Response) -> None:
    """Rest after a good answer as long as the budget asks for; raise as `call` for another."""
    if response.ok:
        time.sleep(rest_seconds(response.headers))
        return
    if is_too_much(response):
        raise TooMuchData
    code, subcode = _codes(response)
    where = f"{client.source}: Meta answered HTTP {response.status_code} (code {code}, subcode {subcode})"
    if code in (102, 190):
        raise PullRefused(f"{where}: the token of the Airflow connection '{client.connection}' is not valid any more.")
    if code in (10, *range(200, 300)) or (code, subcode) == (100, 33):
        raise PullRefused(
            f"{where}: the token of the Airflow connection '{client.connection}' may not read this ad account. It "
            "needs the permission ads_read, its system user the ad account, and account_id must be right."
        )
    if code == 3018:
        raise PullRefused(f"{where}: Meta keeps 37 months. Write a later `since` into the source file.")
    raise PullRefused(f"{where}, expected 2xx. Check the options of the source file against docs/sources/meta_ads.md.")


def rest_seconds(headers: Any) -> float:
    """Return how long to rest after an answer: 0 below 75 % of the budget, up to 25 s at all of it.

    Args:
        headers: of an answer; X-Business-Use-Case-Usage and X-FB-Ads-Insights-Throttle tell of the budget.
    """
    used = [0.0]
    for name, wanted in (
        ("X-Business-Use-Case-Usage", ("call_count", "total_cputime", "total_time")),
        ("X-FB-Ads-Insights-Throttle", ("app_id_util_pct", "acc_id_util_pct")),
    ):
        try:
            found = json.loads(headers.get(name) or "{}")
            entries = [found] if name.endswith("Throttle") else [entry for many in found.values() for entry in many]
            used += [float(entry[key]) for entry in entries for key in wanted if key in entry]
        except (ValueError, TypeError, AttributeError):
            continue
    return min(max(max(used) - BUSY_FROM, 0.0), 100.0 - BUSY_FROM)


def _error(response: requests.Response) -> dict[str, Any]:
    if response.ok:
        return {}
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _codes(response: requests.Response) -> tuple[int, int]:
    error = _error(response)
    return error.get("code") or 0, error.get("error_subcode") or 0


def is_too_much(response: requests.Response) -> bool:
    """Whether an error means "less at once"; it comes as HTTP 400 or 500."""
    code, subcode = _codes(response)
    return subcode in TOO_MUCH or (code == 1 and "reduce the amount of data" in str(_error(response).get("message")))


def is_passing(response: requests.Response) -> bool:
    """Whether an error means "later": limits come as HTTP 400 or 403 with a code."""
    code, _ = _codes(response)
    later = code in TOO_FAST or code in PASSING or _error(response).get("is_transient") is True
    return later and not is_too_much(response)

"""One tool that holds others than were confirmed fails the task of the whole run."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.orchestration.drift import fail_on_drift


def result(audience: str, destination: str, is_drift: bool) -> dict[str, Any]:
    return {"audience": audience, "destination": destination, "is_drift": is_drift}


def test_each_tool_that_drifted_is_named() -> None:
    drifted = [result("loyal", "klaviyo", True), result("loyal", "meta", False), None, result("dormant", "meta", True)]
    with pytest.raises(AirflowFailException, match=r"confirmed: loyal at klaviyo, dormant at meta\. .*publish_drift"):
        fail_on_drift(drifted)


def test_tools_that_hold_what_was_confirmed_pass_and_so_does_a_publication_that_failed() -> None:
    fail_on_drift([result("loyal", "klaviyo", False), None])
    fail_on_drift([])

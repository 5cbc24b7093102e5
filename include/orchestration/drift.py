"""The drift of a whole run as a task that fails."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.sdk.exceptions import AirflowFailException


def fail_on_drift(results: Iterable[dict[str, Any] | None]) -> None:
    """Fail when a tool holds others than were confirmed.

    Args:
        results: of each publication, as `PublishResult.as_dict`; None of one that failed, which alerts by itself.

    Raises:
        AirflowFailException: the message names each audience and tool.
    """
    drifted = [f"{one['audience']} at {one['destination']}" for one in results if one and one["is_drift"]]
    if drifted:
        raise AirflowFailException(
            f"These tools hold others than the ledger confirmed: {', '.join(drifted)}. See publish.publish_drift in the"
            " live warehouse and docs/runbooks/drift.md."
        )

"""The e-mail campaigns of the simulated shop and the true effect each of them has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from include.demo.simulator.clock import END, START


@dataclass(frozen=True)
class Mailing:
    """One newsletter or flow; true_effect is the probability that one send causes one extra order."""

    campaign_id: str
    name: str
    kind: str  # campaign or flow
    started_at: int
    true_effect: float


def _newsletter(month: int) -> Mailing:
    year, month_of_year = 2023 + month // 12, month % 12 + 1
    first = datetime(year, month_of_year, 1, 8, tzinfo=UTC)
    tuesday = first + timedelta(days=(1 - first.weekday()) % 7)
    sent = tuesday + timedelta(days=21) if month_of_year == 11 else tuesday
    # November's is the Black Friday mailing; February's changes nothing, so that "not incremental" has an example.
    effect = {11: 0.03, 2: 0.0}.get(month_of_year, 0.004)
    name = "Black Friday" if month_of_year == 11 else f"Newsletter {year}-{month_of_year:02d}"
    return Mailing(f"nl-{year}-{month_of_year:02d}", name, "campaign", int(sent.timestamp()), effect)


WELCOME = 0
WIN_BACK = 1
FIRST_NEWSLETTER = 2
MAILINGS = (
    Mailing("flow-welcome", "Welcome", "flow", START, 0.04),
    Mailing("flow-win-back", "We miss you", "flow", START, 0.05),
    *(_newsletter(month) for month in range(36)),
)


def campaign_table() -> pa.Table:
    """Return the email_campaigns stream; a flow never ends."""

    def text(seconds: int) -> str:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    return pa.table(
        {
            "campaign_id": [mailing.campaign_id for mailing in MAILINGS],
            "name": [mailing.name for mailing in MAILINGS],
            "campaign_type": [mailing.kind for mailing in MAILINGS],
            "started_at": [text(mailing.started_at) for mailing in MAILINGS],
            "ended_at": pa.array(
                [
                    text(min(mailing.started_at + 3_600, END - 1)) if mailing.kind == "campaign" else None
                    for mailing in MAILINGS
                ],
                pa.string(),
            ),
        }
    )


def truth_table() -> pa.Table:
    """Return the true effect of every campaign."""
    return pa.table(
        {
            "campaign_id": [mailing.campaign_id for mailing in MAILINGS],
            "true_effect": [mailing.true_effect for mailing in MAILINGS],
        }
    )

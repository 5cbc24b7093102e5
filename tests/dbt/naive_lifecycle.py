"""The stage models once more, day by day and without any cleverness: what the interval engine must agree with.

Nothing here is shared with the models: rules come from the seeds' CSV files, events from a list.
"""

from __future__ import annotations

import csv
import math
import statistics
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

DAY = 86_400


@dataclass(frozen=True)
class Event:
    """Something a customer did; amount is an order's revenue."""

    at: datetime
    kind: str
    cause: str
    amount: float = 0.0


@dataclass(frozen=True)
class State:
    """What a rule may ask about a customer."""

    orders: int
    milestones: frozenset[str]
    has_returned: bool
    trend: str | None
    lapse_days: int
    counted_from: datetime


class Seeds:
    """The rules as the retailer wrote them."""

    def __init__(self, folder: Path) -> None:
        def read(name: str) -> list[dict[str, str]]:
            return list(csv.DictReader((folder / f"{name}.csv").open(encoding="utf-8")))

        self.rules = read("stage_rules")
        self.rank = {row["event_type"]: int(row["event_rank"]) for row in read("stage_events")}
        self.parameters = {row["parameter"]: float(row["value"]) for row in read("stage_parameters")}
        self.milestones: dict[str, set[str]] = {}
        for row in read("stage_milestones"):
            self.milestones.setdefault(row["event_type"], set()).add(row["milestone"])


def gap_days(earlier: Event, later: Event) -> float | None:
    """Days between two orders; less than one is no gap."""
    days = (later.at - earlier.at).total_seconds() / DAY
    return days if days >= 1 else None


def shop_medians(customers: list[list[Event]]) -> dict[tuple[int, int], int]:
    """Month of an order -> the lower median, in whole days, of all gaps that ended in an earlier month."""
    gaps = []
    months = set()
    for events in customers:
        orders = [event for event in events if event.kind == "order_completed"]
        months |= {(event.at.year, event.at.month) for event in orders}
        for earlier, later in pairwise(orders):
            if (gap := gap_days(earlier, later)) is not None:
                gaps.append(((later.at.year, later.at.month), math.floor(gap)))
    known = {month: [gap for ended, gap in gaps if ended < month] for month in months}
    return {month: statistics.median_low(values) for month, values in known.items() if values}


class Naive:
    """Stages of one customer, from nothing but the events up to a moment."""

    def __init__(self, seeds: Seeds, shop: dict[tuple[int, int], int]) -> None:
        self.seeds, self.shop = seeds, shop

    def rhythm(self, orders: list[Event]) -> int | None:
        """Days that may pass after the last of these orders, by the customer's own rhythm."""
        own = [gap_days(earlier, later) for earlier, later in pairwise(orders)]
        recent = [gap for gap in [None, *own][-9:] if gap is not None]
        if not recent:
            return None
        median, shop = statistics.median(recent), self.shop.get((orders[-1].at.year, orders[-1].at.month))
        p = self.seeds.parameters
        weight = p["lapse_rhythm_shrinkage"]
        expected = (len(recent) * median + weight * (median if shop is None else shop)) / (len(recent) + weight)
        bounded = max(p["lapse_min_days"], math.ceil(p["lapse_rhythm_factor"] * expected))
        return int(min(p["lapse_max_days"], bounded))

    def trend(self, orders: list[Event]) -> str:
        """Where revenue was heading at the last of these orders."""
        ages = [((orders[-1].at - order.at).total_seconds() / DAY, order.amount) for order in orders]
        recent = sum(amount for age, amount in ages if age < 180)
        before = sum(amount for age, amount in ages if 180 <= age < 360)
        if recent > self.seeds.parameters["value_growth_ratio"] * before:
            return "growth"
        return "decline" if recent < self.seeds.parameters["value_decline_ratio"] * before else "plateau"

    def state(self, events: list[Event]) -> State:
        """The customer after these events."""
        refunded = {event.cause for event in events if event.kind == "order_refunded"}
        placed = [event for event in events if event.kind == "order_completed"]
        counted = [order for order in placed if order.cause not in refunded]
        milestones = frozenset().union(*(self.seeds.milestones.get(event.kind, set()) for event in events))
        default = int(self.seeds.parameters["lapse_default_days"])
        if not counted:
            return State(0, milestones, False, None, default, events[0].at)
        last = counted[-1]
        up_to_last = placed[: placed.index(last) + 1]
        lapse = default
        if len(counted) >= self.seeds.parameters["lapse_rhythm_min_orders"]:
            lapse = self.rhythm(up_to_last) or default
        before = events[: events.index(last)]
        returned = False
        if before:
            earlier = self.state(before)
            overdue = earlier.counted_from + timedelta(days=earlier.lapse_days)
            returned = earlier.orders > 0 and last.at >= overdue
        return State(len(counted), milestones, returned, self.trend(up_to_last), lapse, last.at)

    def holds(self, rule: dict[str, str], state: State) -> bool:
        """Whether a rule is about such a customer, whatever the day."""
        return (
            state.orders >= int(rule["min_orders"])
            and (not rule["max_orders"] or state.orders <= int(rule["max_orders"]))
            and (not rule["has_returned"] or state.has_returned == (rule["has_returned"] == "true"))
            and (not rule["value_trend"] or state.trend == rule["value_trend"])
            and set(rule["requires"].split()) <= state.milestones
            and not set(rule["unless"].split()) & state.milestones
        )

    def stages(self, events: list[Event], first: date, days: int) -> dict[str, list[str | None]]:
        """Model -> stage at each midnight from `first` on; None before the first event, 'a & b' where two hold."""
        events = sorted(events, key=lambda event: (event.at, self.seeds.rank[event.kind], event.cause))
        start = datetime.combine(first, time.min)
        found: dict[str, list[str | None]] = {rule["model_id"]: [None] * days for rule in self.seeds.rules}
        for index, event in enumerate(events):
            until = events[index + 1].at if index + 1 < len(events) else start + timedelta(days=days)
            moments = [day for day in range(days) if event.at <= start + timedelta(days=day) < until]
            if not moments:
                continue
            state = self.state(events[: index + 1])
            silent = [(start + timedelta(days=day) - state.counted_from).total_seconds() / DAY for day in moments]
            for rule in [rule for rule in self.seeds.rules if self.holds(rule, state)]:
                row, begins = found[rule["model_id"]], self._days(rule["from_days"], state)
                ends = self._days(rule["to_days"], state) if rule["to_days"] else math.inf
                for day, days_since in zip(moments, silent, strict=True):
                    if begins <= days_since < ends:
                        row[day] = f"{row[day]} & {rule['stage']}" if row[day] else rule["stage"]
        return found

    @staticmethod
    def _days(text: str, state: State) -> int:
        return state.lapse_days if text == "lapse" else int(text)

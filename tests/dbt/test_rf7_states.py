"""The states of rf7 on every boundary day, for one, two and three orders, out of the seed's rules."""

from __future__ import annotations

import csv

import pytest

from include.warehouse.dbt import PROJECT_DIR

# orders -> day -> state; the days on both sides of each threshold and of each end of a trigger's fire days
STATES = {
    1: {
        0: "just_bought_1", 9: "just_bought_1", 10: "new", 16: "new", 17: "new", 24: "new",
        25: "promising", 35: "promising", 36: "promising", 50: "promising",
        51: "wandering", 63: "wandering", 64: "wandering", 74: "wandering",
        75: "dormant", 90: "dormant", 91: "dormant", 800: "dormant",
    },
    2: {
        0: "just_bought_2", 9: "just_bought_2", 10: "just_bought_2", 24: "just_bought_2",
        25: "promising", 35: "promising", 36: "promising", 50: "promising",
        51: "wandering", 63: "wandering", 64: "wandering", 74: "wandering",
        75: "dormant", 90: "dormant", 91: "dormant", 800: "dormant",
    },
    3: {
        0: "just_bought_3plus", 19: "just_bought_3plus", 20: "loyal", 34: "loyal", 35: "loyal", 55: "loyal",
        56: "at_risk", 66: "at_risk", 67: "at_risk", 112: "at_risk",
        113: "lost", 143: "lost", 144: "lost", 800: "lost",
    },
}  # fmt: skip
STATES[10] = STATES[3]


@pytest.fixture(scope="module")
def rules() -> list[dict[str, str]]:
    with (PROJECT_DIR / "seeds" / "stage_rules.csv").open(encoding="utf-8") as seed:
        return [row for row in csv.DictReader(seed) if row["model_id"] == "rf7"]


def states(rules: list[dict[str, str]], orders: int, days: int) -> list[str]:
    """The states whose rule holds."""
    return [
        rule["stage"]
        for rule in rules
        if int(rule["min_orders"]) <= orders <= int(rule["max_orders"] or orders)
        and int(rule["from_days"]) <= days < int(rule["to_days"] or days + 1)
    ]


@pytest.mark.parametrize(
    ("orders", "days", "state"), [(orders, *point) for orders, points in STATES.items() for point in points.items()]
)
def test_state_on_the_day(rules: list[dict[str, str]], orders: int, days: int, state: str) -> None:
    assert states(rules, orders, days) == [state]


def test_who_never_bought_is_a_prospect(rules: list[dict[str, str]]) -> None:
    assert {tuple(states(rules, 0, day)) for day in range(801)} == {("prospect",)}

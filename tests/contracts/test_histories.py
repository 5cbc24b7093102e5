"""A thousand random histories of changes, faults and kills against real stand-ins: each ends as the warehouse wants."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies

from include.destinations.base import Batch, Receipt
from include.destinations.klaviyo import Klaviyo
from include.destinations.klaviyo_api import KlaviyoApi
from include.destinations.mailchimp import Mailchimp
from include.destinations.mailchimp_api import MailchimpApi
from include.publisher import plan
from tests.contracts.histories import (
    ATTEMPTS,
    CUSTOMERS,
    KILLS,
    STUCK,
    KlaviyoSide,
    MailchimpSide,
    Side,
    Stage,
    Step,
    stage,
)

SIDES = {
    "klaviyo": (KlaviyoSide, 700),
    "mailchimp": (lambda: MailchimpSide(creates=False), 200),
    "mailchimp that may create people": (lambda: MailchimpSide(creates=True), 100),
}
SHM = Path("/dev/shm")
"""Memory, where there is one: saves the time of thousands of fsyncs."""


@pytest.fixture
def stages() -> Iterator[Any]:
    """Make stages that end with the test."""
    with ExitStack() as stack:

        def make(side: Side) -> Stage:
            folder = stack.enter_context(tempfile.TemporaryDirectory(dir=SHM if SHM.is_dir() else None))
            return stack.enter_context(stage(side, Path(folder)))

        yield make


def steps(side: Side) -> strategies.SearchStrategy[Step]:
    """A run of a history in which anything may happen, and often nothing does."""
    integers, sampled, tuples = strategies.integers, strategies.sampled_from, strategies.tuples
    fault = tuples(integers(1, 12), sampled(side.faults), sampled((1, 1, ATTEMPTS)))
    trouble = tuples(integers(0, CUSTOMERS - 1), sampled(side.troubles))
    kill = tuples(sampled(KILLS), integers(1, 9))
    return strategies.builds(
        Step,
        people=tuples(*[sampled(side.states)] * CUSTOMERS),
        faults=strategies.lists(fault, max_size=3).map(tuple),
        trouble=strategies.lists(trouble, max_size=2).map(tuple),
        looks=sampled((1, 1, 2, STUCK)),
        kill=strategies.none() | kill,
        stale=sampled((False, False, False, False, True)),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", SIDES)
def test_every_history_ends_well(name: str, stages: Any) -> None:
    make, many = SIDES[name]
    one = stages(make())

    @settings(
        max_examples=many,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategies.lists(steps(one.side), min_size=1, max_size=4))
    def histories(history: list[Step]) -> None:
        one.play(history)

    histories()
    counts = one.counts
    assert counts["histories"] >= many
    # A history in which nothing happens would end well with any publisher.
    assert counts["killed"] > many / 5
    assert counts["failed"] > many / 10
    if many >= 200:
        assert all(counts[f"killed at {kind}"] for kind in KILLS), counts
        assert counts["with dead letters"] > 0
        assert counts["blocked"] > 0


def test_there_are_a_thousand() -> None:
    assert sum(many for _, many in SIDES.values()) >= 1000


ALL_IN = ("loyal",) * CUSTOMERS
NOBODY = ("absent",) * CUSTOMERS
LOST = ("loyal", "lost", "lost_and_gone", "held_out", "loyal", "loyal", "loyal")
CHANGED = ("vip", "absent", "vip", "loyal", "vip", "absent", "loyal")


def red(one: Stage, history: Sequence[Step], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        one.play(history)


HONEST = [
    [Step(ALL_IN), Step(CHANGED), Step(LOST)],
    [Step(ALL_IN, kill=("answered", 1)), Step(NOBODY)],
    [Step(ALL_IN, kill=("committed", 5)), Step(LOST, stale=True), Step(CHANGED)],
    [Step(ALL_IN), Step(NOBODY), Step(ALL_IN)],
    [Step(ALL_IN, kill=("request", 1)), Step(NOBODY)],
    [Step(ALL_IN, trouble=((2, "ignored"),)), Step(NOBODY)],
    [Step(ALL_IN, trouble=((4, "fails"),)), Step(LOST)],
]


@pytest.mark.parametrize("name", SIDES)
def test_the_histories_of_the_known_bad_end_well_without_it(name: str, stages: Any) -> None:
    """Among them are two that once took somebody off a list whom the shop had put there."""
    one = stages(SIDES[name][0]())
    for history in HONEST:
        one.play(history)


def test_red_when_doubt_is_not_recorded(stages: Any) -> None:
    one = stages(KlaviyoSide())
    with mock.patch("include.publisher.ledger.mark_doubtful", lambda *arguments: None):
        red(one, HONEST[1], "members are not the warehouse's")


@pytest.mark.parametrize(("side", "kind"), [(KlaviyoSide, Klaviyo), (SIDES["mailchimp"][0], Mailchimp)])
def test_red_when_a_whole_batch_is_confirmed(side: Any, kind: Any, stages: Any) -> None:
    one, send = stages(side()), kind.send

    def all_taken(destination: Any, batch: Batch) -> Receipt:
        receipt = send(destination, batch)
        return Receipt([member.customer_key for member in batch.members], (), receipt.external_ids)

    with mock.patch.object(kind, "send", all_taken):
        red(one, HONEST[6], "members are not the warehouse's")


def test_red_when_strangers_are_removed(stages: Any) -> None:
    one = stages(KlaviyoSide())
    tool, take_off = one.side.tool, KlaviyoApi.take_off

    def clear(api: KlaviyoApi, list_id: str, ids: Sequence[str], members: Any) -> None:
        take_off(api, list_id, [*ids, *(tool.lists[list_id] - set(ids))], members)

    with mock.patch.object(KlaviyoApi, "take_off", clear):
        red(one, HONEST[3], "removal of a stranger")


def test_red_when_strangers_are_untagged(stages: Any) -> None:
    one = stages(SIDES["mailchimp"][0]())
    change = MailchimpApi.change

    def untag_all(api: MailchimpApi, tag: int, name: str, emails: Sequence[str], members: Any) -> Any:
        more = [] if name == "members_to_add" else sorted(one.side.tool.members(one.side.tag))
        return change(api, tag, name, [*emails, *more], members)

    with mock.patch.object(MailchimpApi, "change", untag_all):
        red(one, [Step(ALL_IN), Step(CHANGED)], "a stranger was untagged")


def test_red_when_somebody_is_subscribed(stages: Any) -> None:
    one = stages(KlaviyoSide())
    run_import = KlaviyoApi.run_import

    def subscribing(api: KlaviyoApi, *arguments: Any) -> list[Any]:
        api._api.request("POST", "/api/profile-subscription-bulk-create-jobs", json={"data": {}})
        return run_import(api, *arguments)

    with mock.patch.object(KlaviyoApi, "run_import", subscribing):
        red(one, HONEST[0], "subscription-bulk-create")


def test_red_when_somebody_is_created_subscribed(stages: Any) -> None:
    one = stages(SIDES["mailchimp that may create people"][0]())
    create = MailchimpApi.create_transactional

    def create_subscribed(api: MailchimpApi, email: str) -> Any:
        api._api.request("POST", "/lists/list1/members", json={"email_address": email, "status": "subscribed"})
        return create(api, email)

    with mock.patch.object(MailchimpApi, "create_transactional", create_subscribed):
        red(one, HONEST[0], "POST /3.0/lists/list1/members")


def test_red_when_a_tool_subscribes_whom_it_imports(stages: Any) -> None:
    one = stages(KlaviyoSide())
    imported = one.side.tool._import

    def subscribes(profile: dict[str, Any], *arguments: Any) -> None:
        imported(profile, *arguments)
        one.side.tool.by("email", profile["attributes"].get("email")).consent = "SUBSCRIBED"

    with mock.patch.object(one.side.tool, "_import", subscribes):
        red(one, HONEST[0], "strangers or subscriptions changed")


@pytest.mark.parametrize("side", [KlaviyoSide, SIDES["mailchimp"][0]])
def test_red_when_consent_is_not_looked_at(side: Any, stages: Any) -> None:
    one = stages(side())
    blind = plan.CANDIDATES.replace("when s.is_consent then 'suppressed'", "when false then ''")
    blind = blind.replace("when s.customer_key is not null then 'held_out'", "")
    with mock.patch.object(plan, "CANDIDATES", blind):
        # They consent again before the end: what counts is the moment of sending.
        red(one, [Step(LOST), Step(ALL_IN)], "consent forbade it")


def test_red_when_the_same_is_sent_again(stages: Any) -> None:
    one = stages(KlaviyoSide())
    keys = iter(range(1000))
    with mock.patch("include.publisher.publish.ledger_key", lambda settings: f"another key {next(keys):020}".encode()):
        red(one, HONEST[0], "a run without changes sent")

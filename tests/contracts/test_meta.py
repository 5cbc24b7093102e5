"""Meta's Custom Audiences against the stand-in: what is sent, what is believed, what never happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from include.demo.tools.base import Request
from include.demo.tools.meta import Audience, Meta
from include.destinations.base import DestinationRefused, DestinationUnavailable
from include.destinations.config import ConfigError, load_destinations, why_off
from include.destinations.hashing import meta_email, meta_name, meta_phone
from tests.contracts.asked import writes
from tests.contracts.meta_spec import MetaSpec
from tests.contracts.vendors import (
    assert_nothing_leaked,
    batch_of,
    connect,
    destination,
    everything_logged,
    go,
    keys,
    running,
    vendor_row,
)
from tests.unit.publisher.world import World, customers, make_world

TOKEN = "EAAB-token-of-the-test"
LIST = "23840001"


@pytest.fixture
def meta(monkeypatch: pytest.MonkeyPatch) -> Iterator[Meta]:
    tool = Meta(TOKEN)
    tool.audiences = {LIST: Audience()}
    with running(tool, MetaSpec):
        connect(monkeypatch, host=tool.url, password=TOKEN)
        yield tool


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.delenv("PERENNIAL_LEDGER_KEY", raising=False)
    world = make_world(tmp_path)
    configure(world)
    return world


def configure(world: World, contact_fields: tuple[str, ...] = ("email", "first_name"), **row: Any) -> None:
    world.configure(
        [vendor_row("meta", **({"audiences": {"loyal": LIST}, "batch_size": 10} | row))],
        contact_fields=list(contact_fields),
    )


def uploads(meta: Meta) -> list[Request]:
    return [request for request in meta.requests if request.method != "GET"]


def rows_of(request: Request) -> list[dict[str, Any]]:
    payload = json.loads(request.form["payload"])
    return [dict(zip(payload["schema"], row, strict=True)) for row in payload["data"]]


def same_everywhere(world: World, meta: Meta, *numbers: int) -> None:
    assert meta.members(LIST) == keys(customers(*numbers))
    assert world.confirmed("meta") == keys(customers(*numbers))


def test_who_joins_is_added_hashed_and_who_leaves_is_taken_out(world: World, meta: Meta) -> None:
    world.promote(customers(*range(12)))
    assert go(world).adds == 12
    same_everywhere(world, meta, *range(12))
    first, second = uploads(meta)
    assert (first.method, first.path) == ("POST", f"/v26.0/{LIST}/users")
    assert (len(rows_of(first)), len(rows_of(second))) == (10, 2)
    assert rows_of(first)[3] == {
        "EXTERN_ID": "c0003",
        "EMAIL": meta_email("c0003@people.example"),
        "FN": meta_name("Ann"),
    }
    session = json.loads(second.form["session"])
    assert session | {"session_id": 0} == {
        "session_id": 0,
        "batch_seq": 1,
        "last_batch_flag": True,
        "estimated_num_total": 2,
    }
    world.promote([*customers(*range(1, 11)), *customers(11, first_name="Xenia")])
    result = go(world, "tuesday")
    assert (result.adds, result.updates, result.removes) == (0, 1, 1)
    same_everywhere(world, meta, *range(1, 12))
    removal, update = uploads(meta)[2:]
    assert (removal.method, [row["EXTERN_ID"] for row in rows_of(removal)]) == ("DELETE", ["c0000"])
    assert [row["FN"] for row in rows_of(update)] == [meta_name("xenia")]
    before = len(writes(meta))
    assert go(world, "wednesday").unchanged == 11
    assert len(writes(meta)) == before


def test_who_is_taken_out_is_named_by_contact_and_once_forgotten_by_our_key(world: World, meta: Meta) -> None:
    world.promote(customers(1, 2, 3))
    go(world)
    world.promote(customers(3), suppressed=[("c0001", "email"), ("c0002", "email")], forgotten=customers(1))
    go(world, "tuesday")
    same_everywhere(world, meta, 3)
    with_contact, forgotten = rows_of(uploads(meta)[-1])
    assert with_contact["EMAIL"] == meta_email("c0001@people.example")
    assert forgotten == {"EXTERN_ID": "c0002", "EMAIL": "", "FN": ""}


def test_phones_and_limited_data_use(world: World, meta: Meta) -> None:
    configure(world, phone_country="DE", limited_data_use={"country": 1, "state": 1000})
    there = destination(world)
    there.send(batch_of(1, contact={"phone": "+1 (555) 987-6543", "last_name": "O'Hara"}))
    there.send(batch_of(2, contact={"phone": "030 1234567", "email": None}))
    there.close()
    first, second = (rows_of(request)[0] for request in uploads(meta))
    assert first == {
        "EXTERN_ID": "c0001",
        "PHONE": meta_phone("+15559876543"),
        "LN": meta_name("ohara"),
        "DATA_PROCESSING_OPTIONS": ["LDU"],
        "DATA_PROCESSING_OPTIONS_COUNTRY": 1,
        "DATA_PROCESSING_OPTIONS_STATE": 1000,
    }
    assert (second["EMAIL"], second["PHONE"]) == ("", meta_phone("+49301234567"))


def test_a_row_without_identifier_is_not_sent(world: World, meta: Meta) -> None:
    there = destination(world)
    nobody = batch_of(1, contact={"email": "not an address", "first_name": "Xenia"})
    mixed = replace(nobody, members=(*nobody.members, *batch_of(2).members))
    receipt = there.send(mixed)
    assert (list(receipt.accepted), [one.customer_key for one in receipt.rejected]) == (["c0002"], ["c0001"])
    assert not receipt.rejected[0].retryable
    assert "Xenia" not in receipt.rejected[0].reason
    assert [len(rows_of(request)) for request in uploads(meta)] == [1]
    assert there.send(nobody).accepted == []
    assert len(uploads(meta)) == 1
    there.close()


@pytest.mark.parametrize("samples", [True, False])
def test_invalid_rows_are_found_by_samples_or_by_halving(world: World, meta: Meta, samples: bool) -> None:
    meta.samples, meta.invalid = samples, {"c0002", "c0007"}
    world.promote(customers(*range(10)))
    assert go(world).rejected == 2
    same_everywhere(world, meta, 0, 1, 3, 4, 5, 6, 8, 9)
    letters = world.ledger("select customer_key, retryable from publish_dead_letters order by 1")
    assert [(key, bool(again)) for key, again in letters] == [("c0002", False), ("c0007", False)]
    assert len(uploads(meta)) == 1 if samples else 3 < len(uploads(meta)) <= 15


def test_what_cannot_be_found_within_the_bound_is_said_so(world: World, meta: Meta) -> None:
    configure(world, search_requests=2)
    meta.invalid = {"c0007"}
    world.promote(customers(*range(10)))
    assert go(world).rejected == 5
    assert world.confirmed("meta") == keys(customers(*range(5)))
    [(reason, again)] = world.ledger("select distinct reason, retryable from publish_dead_letters")
    assert (reason, bool(again)) == ("Meta counts it as invalid: 1 of 5 rows sent together, not told which", True)
    meta.invalid = set()
    go(world, "tuesday")
    same_everywhere(world, meta, *range(10))


def test_one_row_for_which_a_request_is_refused_is_found(world: World, meta: Meta) -> None:
    meta.refused = {"c0004"}
    world.promote(customers(*range(10)))
    assert go(world).rejected == 1
    same_everywhere(world, meta, 0, 1, 2, 3, 5, 6, 7, 8, 9)


@pytest.mark.parametrize("how", ["invalid", "refused"])
def test_when_every_row_is_refused_nobody_is_marked_as_bad(world: World, meta: Meta, how: str) -> None:
    configure(world, search_requests=10)
    setattr(meta, how, keys(customers(*range(20))))
    world.promote(customers(*range(20)))
    with pytest.raises(DestinationRefused, match="none was taken"):
        go(world)
    assert world.ledger("select count(*) from publish_dead_letters") == [(0,)]
    setattr(meta, how, set())
    go(world, "tuesday")
    same_everywhere(world, meta, *range(20))


@pytest.mark.parametrize(
    "fault",
    ["500", "429:1", "reset-before", "reset-after", "truncated", "twice", "busy:17", "busy:4", "busy:80003"],
)
def test_what_passes_is_tried_again(world: World, meta: Meta, fault: str) -> None:
    meta.faults = {2: fault}
    world.promote(customers(*range(15)))
    assert go(world).adds == 15
    same_everywhere(world, meta, *range(15))
    # Tried again under the same session, so that Meta knows it for the same upload.
    sessions = [json.loads(request.form["session"])["session_id"] for request in uploads(meta)]
    assert len(set(sessions)) == 2
    assert len(sessions) == (2 if fault == "twice" else 3)


def test_silence_after_meta_acted_is_tried_again(world: World, meta: Meta) -> None:
    configure(world, timeout_seconds=0.3)
    meta.faults = {2: "hang-after"}
    world.promote(customers(1, 2))
    go(world)
    same_everywhere(world, meta, 1, 2)


def test_rows_that_meta_did_not_receive_are_not_believed(world: World, meta: Meta) -> None:
    meta.faults = {2: "some-lost"}
    world.promote(customers(1, 2, 3))
    with pytest.raises(DestinationUnavailable, match="received 2 of 3 rows"):
        go(world)
    assert world.confirmed("meta") == set()
    go(world, "tuesday")
    same_everywhere(world, meta, 1, 2, 3)


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("error:200:1870090", DestinationRefused, "terms are not accepted"),
        ("error:2650", DestinationUnavailable, "another upload or a replacement may be under way"),
        ("error:100:1870145", DestinationUnavailable, "could not update"),
        ("error:190:463", DestinationRefused, "access token"),
        ("error:100:33", DestinationRefused, "no such Custom Audience"),
        ("error:368", DestinationRefused, "code 368"),
        ("403", DestinationRefused, "HTTP 403"),
    ],
)
def test_what_is_nobodys_row_stops_with_what_to_do(
    world: World, meta: Meta, fault: str, kind: type[Exception], says: str
) -> None:
    meta.faults = {2: fault}
    world.promote(customers(1, 2, 3))
    with pytest.raises(kind, match=says):
        go(world)
    assert world.confirmed("meta") == set()
    assert world.ledger("select count(*) from publish_dead_letters") == [(0,)]


def test_a_flagged_audience_takes_nobody_and_lets_go(world: World, meta: Meta) -> None:
    world.promote(customers(1, 2, 3))
    go(world)
    meta.audiences[LIST].status = 471
    world.promote(customers(2, 3, 4), suppressed=[("c0001", "email")])
    with pytest.raises(DestinationRefused, match="flagged"):
        go(world, "tuesday")
    same_everywhere(world, meta, 2, 3)


def test_read_back_is_an_estimate(world: World, meta: Meta) -> None:
    world.promote(customers(*range(12)))
    go(world)
    there = destination(world)
    held = there.read_back("loyal")
    assert (held.count, held.keys, held.tolerance) == (100, None, 1.0)
    there.close()


def test_an_audience_without_id_and_a_missing_connection_say_so(
    world: World, meta: Meta, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(world, audiences={"other": LIST})
    world.promote(customers(1))
    with pytest.raises(DestinationRefused, match="says nothing of 'loyal' under 'audiences'"):
        go(world)
    monkeypatch.delenv("AIRFLOW_CONN_TOOL")
    row = load_destinations(world.settings)["meta"]
    assert why_off(row, world.settings) == "the Airflow connection 'tool' is not set"


def test_an_id_that_is_none_is_refused(world: World) -> None:
    configure(world, audiences={"loyal": "1/users?x"})
    with pytest.raises(ConfigError, match="audiences"):
        load_destinations(world.settings)


def test_nothing_personal_and_no_token_is_written(world: World, meta: Meta, caplog: pytest.LogCaptureFixture) -> None:
    everything_logged(caplog)
    meta.samples, meta.invalid = True, {"c0003"}
    meta.faults = {2: "500"}
    world.promote(customers(*range(6), first_name="Xenia"))
    go(world)
    hashes = [meta_email(f"c{number:04d}@people.example") or "" for number in range(6)]
    assert_nothing_leaked(caplog, world, [TOKEN, *hashes])
    assert "monday" in caplog.text
    assert TOKEN not in repr(destination(world).__dict__)


def test_the_check_finds_what_must_not_be(meta: Meta) -> None:
    spec = MetaSpec()
    good = {"schema": ["EXTERN_ID", "EMAIL"], "data": [["c1", meta_email("a@b.example")]]}
    session = {"session_id": 1, "batch_seq": 1, "last_batch_flag": True, "estimated_num_total": 1}

    def post(path: str, payload: dict[str, Any], method: str = "POST", token: str = "", **more: str) -> None:
        form = {"payload": json.dumps(payload), "session": json.dumps(session), **more}
        raw = httpx.Request("POST", "http://x", data=form).read()
        headers = {"authorization": "Bearer x", "content-type": "application/x-www-form-urlencoded"}
        query = {"access_token": token} if token else {}
        spec(Request(method, path, query, headers, raw))

    post("/v26.0/1/users", good)
    for wrong, says in [
        (lambda: post("/v26.0/1/users", good, token=TOKEN), "token"),
        (lambda: post("/v26.0/1/users", good, method="PUT"), "edge"),
        (lambda: post("/v26.0/1/users", good, subscribe="1"), "parameters"),
        (lambda: post("/v26.0/1/users", good | {"data": [["c1", "a@b.example"]]}), "hashed"),
        (lambda: post("/v26.0/1/users", good | {"data": good["data"] * 10_001}), "too many"),
        (lambda: post("/v26.0/1", good, method="DELETE"), "only read"),
    ]:
        with pytest.raises(AssertionError, match=says):
            wrong()

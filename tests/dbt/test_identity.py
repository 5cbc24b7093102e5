"""One customer, through dbt: keys stay, the elder survives, hubs merge nobody, and an unmerge is followed by all.

The shop's customers, by their ids:

c1   ann@x, 030 111222 at home in Germany     registered 2 January
c2   bob@x                                    registered 3 January; shared a device with c1
c4   dora@x, who ordered as a guest before    registered 4 January
m1…  40 accounts with office@x, a shared mailbox, and a guest's order with it
n1,2 two accounts with noreply@x, and a guest's order with it
k1…  30 accounts, each sharing its phone number with the next one's mobile: see `chain`
l1   card 77 of the shop, l2 card 77 of the till: two cards
c3   bob@x and +49 (0)30 111-222, from 20 January: c1, c2 and c3 are one
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.lake.layout import lake_columns
from include.sources.entities import all_entities
from include.warehouse.dbt import PROJECT_DIR
from tests.dbt.project_copy import Project, copy_of_the_project

pytestmark = pytest.mark.slow
Rows = list[dict[str, Any]]
MODELS = ("+fct_orders", "+customer_identifiers", "+customer_merge_log", "+contacts")
CHAIN = 30


def account(number: str, day: int, email: str | None = None, **more: Any) -> dict[str, Any]:
    row = {"customer_id": number, "email": email, "country": "DE", "registered_at": f"2025-01-{day:02} 12:00:00"}
    return row | more


def order(number: str, day: int, customer: str | None = None, email: str | None = None) -> dict[str, Any]:
    row = {"order_id": number, "customer_id": customer, "email": email, "ordered_at": f"2025-01-{day:02} 13:00:00"}
    return row | {"status": "completed", "currency": "EUR", "gross_amount": "10.00"}


def chain() -> Rows:
    # Odd accounts share an address with the one before, even ones a phone number.
    return [
        account(
            f"k{i:02}", 5, f"k{(i + 1) // 2}@x", phone=f"+49 30 55500{i // 2:02}", registered_at=f"2025-01-05 12:{i}"
        )
        for i in range(CHAIN)
    ]


ACCOUNTS = [
    account("c1", 2, "ann@x", phone="030 111222", first_name="Ann"),
    account("c2", 3, "bob@x"),
    account("c4", 4, "dora@x"),
    *(account(f"m{i}", 6, "office@x") for i in range(40)),
    *(account(f"n{i}", 7, " NoReply@x ") for i in (1, 2)),
    account("l1", 8, "lea@x", loyalty_id="77"),
    account("l2", 8, "leo@x", loyalty_id="77", _source="pos"),
    *chain(),
]
ORDERS = [
    order("o1", 10, "c1"),
    order("o2", 11, "c2"),
    order("g1", 1, email="dora@x"),
    order("g2", 12, email="office@x"),
    order("g3", 12, email="noreply@x"),
    order("g4", 12, email="ann@x"),
]
VISITS = [
    {"session_id": f"s{i}", "visitor_id": "v1", "customer_id": customer, "started_at": "2025-01-12 12:00:00"}
    for i, customer in enumerate(("c1", "c2"))
]
SENT = [
    {"event_id": "e1", "profile_id": "f1", "email": "lea@x", "event_at": "2025-01-21 12:00:00"},
    {"event_id": "e2", "profile_id": "f1", "email": "lea-new@x", "event_at": "2025-01-22 12:00:00"},
]
for event in SENT:
    event |= {"campaign_id": "k", "event_type": "sent"}
# What comes later: strangers, and records that say who belongs together.
STRANGERS = [account("z1", 19, "zoe@x", phone="+49 30 999"), account("z2", 19, "zac@x")]
BRIDGE = [account("c3", 20, "bob@x", phone="+49 (0)30 111-222"), account("l3", 20, "lea-new@x")]


def lake(root: Path, **streams: Rows) -> Path:
    """Land the rows; streams without rows have their columns."""
    for entity in all_entities().values():
        folder = root / "shop" / entity.name / "load_date=2025-01-01"
        folder.mkdir(parents=True)
        columns = lake_columns(entity)
        with duckdb.connect() as con:
            con.execute(f"create table t ({', '.join(f'{name} {kind}' for name, kind in columns.items())})")
            for number, row in enumerate(streams.get(entity.name, []), start=1):
                row = {"_source": "shop", "_file": "f", "_row": number, "_load_id": "l1"} | row
                row |= {"_loaded_at": "2025-01-30"}
                values = ", ".join(f"? as {name}" for name in row)
                con.execute(f"insert into t by name select {values}", [*row.values()])
            con.execute(f"copy t to '{folder / 'rows.parquet'}' (format parquet)")
    return root


class World:
    """What a build made of a lake."""

    def __init__(self, project: Project) -> None:
        statuses = project.dbt(
            "build", "--select", *MODELS, "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"
        )
        assert set(statuses.values()) == {"success"}, statuses
        self.warehouse = project.warehouse

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as con:
            return con.execute(sql).fetchall()

    @property
    def keys(self) -> dict[str, str]:
        """Customer key by account, as source:id."""
        return dict(
            self.rows(
                "select a.source || ':' || a.customer_id, k.customer_key from staging.stg_shop__customers as a"
                " inner join intermediate.int_customers__keys as k on a.account_key = k.lookup_key"
                " where k.lookup_type = 'account'"
            )
        )

    @property
    def buyers(self) -> dict[str, str | None]:
        """Customer key by order."""
        return dict(
            self.rows(
                "select o.order_id, f.customer_key from staging.stg_shop__orders as o"
                " inner join marts.fct_orders as f on o.order_key = f.order_key"
            )
        )

    def merges(self, customer: str) -> set[tuple[Any, ...]]:
        return set(
            self.rows(
                "select absorbed_customer_key, surviving_customer_key, identifier_type, cast(merged_at as date)::text"
                f" from marts.customer_merge_log where customer_key = '{customer}'"
            )
        )


@pytest.fixture(scope="module")
def first(built, tmp_path_factory) -> World:
    folder = tmp_path_factory.mktemp("first")
    root = lake(folder / "lake", customers=ACCOUNTS, orders=ORDERS, sessions=VISITS, email_events=SENT)
    return World(copy_of_the_project(folder, root, built[0]))


@pytest.fixture(scope="module")
def rebuilt(built, tmp_path_factory) -> World:
    """The same records in another order, in a new warehouse."""
    folder = tmp_path_factory.mktemp("rebuilt")
    backwards = {"customers": ACCOUNTS[::-1], "orders": ORDERS[::-1], "sessions": VISITS, "email_events": SENT[::-1]}
    return World(copy_of_the_project(folder, lake(folder / "lake", **backwards), built[0]))


@pytest.fixture(scope="module")
def later(built, tmp_path_factory) -> tuple[Project, World]:
    folder = tmp_path_factory.mktemp("later")
    root = lake(
        folder / "lake",
        customers=[*STRANGERS, *BRIDGE, *ACCOUNTS],
        orders=[*ORDERS, order("o3", 21, "c3")],
        sessions=VISITS,
        email_events=SENT,
    )
    project = copy_of_the_project(folder, root, built[0])
    return project, World(project)


@pytest.fixture(scope="module")
def unmerged(built, later, tmp_path_factory) -> World:
    """As later, and somebody says that c3 only shares its phone with c1."""
    project = copy_of_the_project(tmp_path_factory.mktemp("unmerged"), later[0].lake, built[0])
    with (project.folder / "seeds" / "identity_unmerges.csv").open("a", encoding="utf-8") as seed:
        seed.write("shop,c3,phone,Said so on the phone\n")
    return World(project)


def test_a_rebuild_gives_the_same_keys(first, rebuilt):
    assert first.keys == rebuilt.keys
    assert first.buyers == rebuilt.buyers
    log = "select * from marts.customer_merge_log order by all"
    assert first.rows(log) == rebuilt.rows(log)


def test_a_shared_mailbox_merges_nobody(first):
    assert len({first.keys[f"shop:m{i}"] for i in range(40)}) == 40


def test_a_blocked_address_merges_nobody(first):
    assert first.keys["shop:n1"] != first.keys["shop:n2"]


def test_a_guest_with_such_an_address_alone_is_nobody(first):
    assert (first.buyers["g2"], first.buyers["g3"]) == (None, None)


def test_a_guest_with_an_accounts_address_is_that_customer(first):
    assert first.buyers["g4"] == first.buyers["o1"] == first.keys["shop:c1"]


def test_who_ordered_as_a_guest_first_keeps_that_key(first):
    assert first.buyers["g1"] == first.keys["shop:c4"]
    ((absorbed, kind),) = first.rows(
        "select absorbed_customer_key, absorbed_type from marts.customer_merge_log"
        f" where customer_key = '{first.keys['shop:c4']}'"
    )
    assert (kind, absorbed != first.keys["shop:c4"]) == ("account", True)


def test_a_shared_device_merges_nobody(first):
    assert first.keys["shop:c1"] != first.keys["shop:c2"]


def test_one_card_number_of_two_sources_is_two_cards(first):
    assert first.keys["shop:l1"] != first.keys["pos:l2"]


def test_a_chain_is_one_customer(first):
    assert len({first.keys[f"shop:k{i:02}"] for i in range(CHAIN)}) == 1


def test_strangers_touch_nobody(first, later):
    _, world = later
    touched = {"shop:c2"}
    assert {a: world.keys[a] for a in first.keys if a not in touched} == {
        a: key for a, key in first.keys.items() if a not in touched
    }


def test_a_merge_keeps_the_elder_key(first, later):
    _, world = later
    elder, younger = first.keys["shop:c1"], first.keys["shop:c2"]
    assert {world.keys[f"shop:c{i}"] for i in (1, 2, 3)} == {elder}
    assert {world.buyers[f"o{i}"] for i in (1, 2, 3)} == {elder}
    # c3 joined bob by the address, and both joined ann by the phone, which she had typed otherwise.
    assert (younger, elder, "phone", "2025-01-20") in world.merges(elder)
    assert {(survivor, by) for _, survivor, by, _ in world.merges(elder)} >= {(younger, "email"), (elder, "phone")}


def test_a_profile_outlives_a_change_of_address(first, later):
    _, world = later
    assert world.keys["shop:l3"] == first.keys["shop:l1"]


def test_an_unmerge_splits_and_the_orders_follow(first, unmerged):
    assert unmerged.keys["shop:c1"] == first.keys["shop:c1"]
    assert unmerged.keys["shop:c2"] == unmerged.keys["shop:c3"] == first.keys["shop:c2"]
    assert unmerged.buyers["o1"] == first.keys["shop:c1"]
    assert unmerged.buyers["o2"] == unmerged.buyers["o3"] == first.keys["shop:c2"]
    assert unmerged.rows(
        "select status from marts.customer_identifiers"
        f" where customer_key = '{first.keys['shop:c2']}' and identifier_type = 'phone'"
    ) == [("unmerged",)]


def test_why_records_are_one_person(later):
    """The query of docs/identity.md, over a customer of three accounts and a guest: three merges, each by what."""
    _, world = later
    query = (PROJECT_DIR.parent / "docs" / "identity.md").read_text(encoding="utf-8")
    query = query.split("```sql\n")[1].split("```")[0].replace(":customer_key", f"'{world.keys['shop:c1']}'")
    rows = world.rows(query)
    assert sorted(kind for _, what, kind, *_ in rows if what == "merged") == ["email", "email", "phone"]
    known = [(kind, outcome) for _, what, kind, _, _, _, outcome in rows if what == "known by"]
    assert sorted(known) == [
        *[("account", "merges")] * 3,
        *[("email", "merges")] * 2,
        ("phone", "merges"),
        ("visitor", "attaches"),
    ]


def test_contacts_have_the_number_that_can_be_called(later):
    _, world = later
    assert world.rows(f"select phone from contacts.contacts where customer_key = '{world.keys['shop:c1']}'") == [
        ("+4930111222",)
    ]

"""Every rule of both gates has a case that turns it red; a rule without one fails the last tests of this file."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import duckdb
import pytest

from include.quality.checks import open_report, run_suites
from include.settings import PROJECT_ROOT
from include.sources.entities import Entity, all_entities

# Gate 1, rows. Values of a good row, where the type alone does not tell.
GOOD_BY_TYPE = {
    "text": "x",
    "status": "completed",
    "currency": "EUR",
    "integer": 3,
    "decimal": 3,
    "timestamp": "2024-05-30 10:00:00",
    "date": "2024-05-30",
    "boolean": True,
}
GOOD = {
    ("order_lines", "line_type"): "product",
    ("consents", "status"): "granted",
    ("consents", "channel"): "sms",
    ("email_events", "event_type"): "opened",
}
# What breaks each stream's own rules: (stream, rule, changes to a good row).
OWN: list[tuple[str, str, dict[str, Any]]] = [
    ("orders", "status is known; add a new one to the mapping's status_map", {"status": "parked"}),
    ("orders", "discount_amount is not negative", {"discount_amount": -0.01}),
    ("orders", "tax_amount is not negative", {"tax_amount": -0.01}),
    ("orders", "shipping_amount is not negative", {"shipping_amount": -0.01}),
    ("order_lines", "line_type is one of the contract", {"line_type": "postage"}),
    ("order_lines", "line_number counts from 1", {"line_number": 0}),
    ("order_lines", "quantity lies within a million units", {"quantity": 1_000_001}),
    ("products", "unit_cost is not negative", {"unit_cost": -1}),
    ("products", "unit_price is not negative", {"unit_price": -1}),
    ("refunds", "amount is given back, so not negative", {"amount": -0.01}),
    ("refunds", "quantity is not negative", {"quantity": -1}),
    ("carts", "items_count is not negative", {"items_count": -1}),
    ("carts", "amount is not negative", {"amount": -0.01}),
    ("sessions", "page_views is not negative", {"page_views": -1}),
    ("sessions", "product_views is not negative", {"product_views": -1}),
    ("sessions", "cart_adds is not negative", {"cart_adds": -1}),
    ("sessions", "checkout_starts is not negative", {"checkout_starts": -1}),
    ("ad_performance", "spend is not negative", {"spend": -0.01}),
    ("ad_performance", "impressions is not negative", {"impressions": -1}),
    ("ad_performance", "clicks is not negative", {"clicks": -1}),
    ("ad_performance", "no more clicks than impressions", {"clicks": 4}),
    ("email_events", "event_type is one of the contract", {"event_type": "printed"}),
    ("consents", "status is granted or withdrawn", {"status": "maybe"}),
    ("consents", "channel is email, sms, push or ads", {"channel": "fax"}),
    ("reviews", "rating is 1 to 5", {"rating": 6}),
    ("store_credits", "amount is left to spend, so not negative", {"amount": -0.01}),
    ("usage_readings", "usage counts up from 0", {"usage": -1}),
    ("social_engagement", "followers is not negative", {"followers": -1}),
    ("social_engagement", "reactions is not negative", {"reactions": -1}),
    ("social_engagement", "comments is not negative", {"comments": -1}),
    ("social_engagement", "shares is not negative", {"shares": -1}),
    ("social_engagement", "likes is not negative", {"likes": -1}),
]


def of_contract(entity: Entity) -> list[tuple[str, str, dict[str, Any]]]:
    """What breaks the rules that follow from a stream's contract."""
    cases: list[tuple[str, str, dict[str, Any]]] = [
        (entity.name, "every value fits its column's type", {"_problem": "paid: 'x' is not a decimal"}),
        (entity.name, f"{', '.join(entity.key)} is unique in a file; the last row counts", {"_superseded_by": 9}),
    ]
    cases += [(entity.name, f"{item.name} is given", {item.name: None}) for item in entity.columns if item.required]
    if "currency" in entity.column_names:
        rule = "the currency is known and has a rate on that day (dbt_project/seeds/fx_rates.csv)"
        cases.append((entity.name, rule, {"_has_rate": False}))
    if entity.event_time:
        rule = f"{entity.event_time} lies between 1970 and tomorrow"
        cases.append((entity.name, rule, {"_plausible_time": False}))
    return cases


ROW_CASES = [case for entity in all_entities().values() for case in of_contract(entity)] + OWN


def good_row(entity: Entity) -> dict[str, Any]:
    row = {item.name: GOOD.get((entity.name, item.name), GOOD_BY_TYPE[item.type]) for item in entity.columns}
    return row | {"_problem": None, "_superseded_by": None, "_has_rate": True, "_plausible_time": True}


def fill(con: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """A table whose first row is good and whose other rows each break one rule, in the order of ROW_CASES."""
    own = {"_problem": "varchar", "_superseded_by": "bigint", "_has_rate": "boolean", "_plausible_time": "boolean"}
    kinds = {item.name: item.duckdb_type for item in entity.columns} | own | {"_load_id": "varchar", "_row": "bigint"}
    con.execute(f"create table {entity.name} ({', '.join(f'{name} {kind}' for name, kind in kinds.items())})")
    changes = [{}] + [change for name, _, change in ROW_CASES if name == entity.name]
    for number, change in enumerate(changes, start=1):
        row = good_row(entity) | change | {"_load_id": "load", "_row": number}
        con.execute(f"insert into {entity.name} values ({', '.join('?' * len(kinds))})", [row[name] for name in kinds])


def row_rules(entity: Entity) -> list[Any]:
    from expectations.raw import contract

    name = f"expectations.raw.{entity.name}"
    own = importlib.import_module(name).rules() if importlib.util.find_spec(name) else []
    return [*contract.rules(entity), *own]


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], set[int]]:
    """For each stream and rule the numbers of the rows that break it."""
    folder = tmp_path_factory.mktemp("rules")
    with duckdb.connect(str(folder / "batch.duckdb")) as con:
        for entity in all_entities().values():
            fill(con, entity)
    suites = {name: row_rules(entity) for name, entity in all_entities().items()}
    failures = run_suites(folder / "batch.duckdb", suites, open_report(folder / "report"), row_rules=True)
    with duckdb.connect(str(folder / "batch.duckdb"), read_only=True) as con:
        return {
            (item.table, item.rule): {
                row for _, row in con.execute(f"select _load_id, _row from ({item.query})").fetchall()
            }
            for item in failures
        }


@pytest.mark.parametrize(("stream", "rule"), [case[:2] for case in ROW_CASES], ids=lambda part: part.replace(" ", "_"))
def test_a_row_that_breaks_a_rule_is_found_and_a_good_row_is_not(
    refused: dict[tuple[str, str], set[int]], stream: str, rule: str
) -> None:
    number = [case[1] for case in ROW_CASES if case[0] == stream].index(rule) + 2
    assert number in refused[stream, rule]
    assert 1 not in refused[stream, rule]


# Gate 1 on files and streams, gate 2: (suite, rule, table as SQL). Good tables first, then what breaks each rule.
NUMBERS = "select 'm' || i as measure, 1.00::decimal(38, 4)"
RECONCILED = f"{NUMBERS} as raw_value, 1.00::decimal(38, 4) as staging_value, 1.00::decimal(38, 4) as mart_value"
CONSERVED = f"{NUMBERS} as one_value, 1.00::decimal(38, 4) as other_value"
PARTITION = (
    "select 'rf7' as model_id, 5 as customers, 5 as customers_in_one_stage, 0 as \"overlaps\", 0 as gaps, 0 as endless"
)
AUDIENCE = (
    "select 'loyal' as audience, 5 as members, 0 as repeated, 0 as unknown_customers,"
    " 0 as without_consent, 0 as held_out"
)
FILE = "select 'orders' as stream, 'a.csv' as file, 5::bigint as rows_read, 0.5::double as share_of_previous"
STREAM = "select 'orders' as stream, 7.0::double as age_days, 7.0::double as max_age_days"
COLUMN = "select 'orders' as stream, false as is_missing, false as is_retyped"
SIZE = "select 'loyal' as segment_id, 1.0::double as growth"

OFFERS = (
    "select 0 as repeated, 0 as not_in_playbook, 0 as without_expiry, 0 as against_policy, 0 as before_bare_offer,"
    " 0 as not_escalating, 5.0::double as cost, 5.0::double as budget"
)

GOOD_TABLES = [
    ("raw.files", FILE),
    ("raw.files", f"select * replace (null::double as share_of_previous) from ({FILE})"),
    ("raw.streams", STREAM),
    ("raw.streams", f"select * replace (null::double as max_age_days) from ({STREAM})"),
    ("raw.columns", COLUMN),
    ("raw.columns", f"{COLUMN} limit 0"),
    ("publish.reconciliation", f"{RECONCILED} from range(8) as t(i)"),
    ("publish.conservation", f"{CONSERVED} from range(4) as t(i)"),
    ("publish.stage_partition", PARTITION),
    (
        "publish.segment_sizes",
        f"{SIZE} union all select 'small', null union all select 'a', 0.2 union all select 'b', 5",
    ),
    ("publish.audiences", AUDIENCE),
    ("publish.offers", OFFERS),
]


def broken(table: str, column: str, value: str) -> str:
    return f'select * replace ({value} as "{column}") from ({table})'


RECONCILED_8, CONSERVED_4 = f"{RECONCILED} from range(8) as t(i)", f"{CONSERVED} from range(4) as t(i)"
ONE = "case when i = 3 then {} else 1.00 end::decimal(38, 4)"
TABLE_CASES = [
    ("raw.files", "a file holds at least one record", broken(FILE, "rows_read", "0::bigint")),
    (
        "raw.files",
        "a file loaded again has not lost more than half of its records",
        broken(FILE, "share_of_previous", "0.499"),
    ),
    (
        "raw.streams",
        "the newest event is no older than the mapping's max_age_days",
        broken(STREAM, "age_days", "7.001"),
    ),
    (
        "raw.columns",
        "a column that the mapping uses and every record had is not missing",
        broken(COLUMN, "is_missing", "true"),
    ),
    ("raw.columns", "a column that the mapping uses is of the kind it was", broken(COLUMN, "is_retyped", "true")),
    ("publish.reconciliation", "all eight measures were taken", f"{RECONCILED} from range(7) as t(i)"),
    *(
        (
            "publish.reconciliation",
            rule,
            RECONCILED_8.replace(f"1.00::decimal(38, 4) as {column}", f"{ONE.format(bad)} as {column}"),
        )
        for column, rule in (
            ("raw_value", "the lake and staging hold the same"),
            ("staging_value", "the lake and staging hold the same"),
            ("staging_value", "staging and the marts hold the same"),
            ("mart_value", "staging and the marts hold the same"),
        )
        for bad in ("1.01", "null")
    ),
    ("publish.conservation", "all four sums were taken", f"{CONSERVED} from range(3) as t(i)"),
    *(
        (
            "publish.conservation",
            "the marts agree to the cent",
            CONSERVED_4.replace(f"1.00::decimal(38, 4) as {column}", f"{ONE.format(bad)} as {column}"),
        )
        for column in ("one_value", "other_value")
        for bad in ("0.99", "null")
    ),
    ("publish.stage_partition", "at least one stage model was checked", f"{PARTITION} limit 0"),
    *(
        (
            "publish.stage_partition",
            "every customer is in exactly one stage of every model",
            broken(PARTITION, "customers_in_one_stage", value),
        )
        for value in ("4", "6", "null::integer")
    ),
    ("publish.stage_partition", "the history has no overlapping stays", broken(PARTITION, "overlaps", "1")),
    ("publish.stage_partition", "the history has no gaps between stays", broken(PARTITION, "gaps", "1")),
    ("publish.stage_partition", "the history has no endless stay before another", broken(PARTITION, "endless", "1")),
    *(
        (
            "publish.segment_sizes",
            "a segment has between a fifth and five times the members of the last run",
            broken(SIZE, "growth", value),
        )
        for value in ("0.199", "5.01", "0.0")
    ),
    ("publish.offers", "the queue was checked", f"{OFFERS} limit 0"),
    ("publish.offers", "a customer is sent one message", broken(OFFERS, "repeated", "1")),
    (
        "publish.offers",
        "an offer is on the ladder and in its trigger's row of the playbook",
        broken(OFFERS, "not_in_playbook", "1"),
    ),
    ("publish.offers", "every offer expires, after it is sent", broken(OFFERS, "without_expiry", "1")),
    (
        "publish.offers",
        "no offer goes beyond the policy of the customer's stage",
        broken(OFFERS, "against_policy", "1"),
    ),
    (
        "publish.offers",
        "a discount comes after an offer without one has failed",
        broken(OFFERS, "before_bare_offer", "1"),
    ),
    (
        "publish.offers",
        "whoever has been away for longer is offered strictly more",
        broken(OFFERS, "not_escalating", "1"),
    ),
    ("publish.offers", "the offers cost no more than the budget", broken(OFFERS, "cost", "5.01::double")),
    ("publish.offers", "there is a budget", broken(OFFERS, "budget", "null::double")),
    ("publish.audiences", "at least one audience was checked", f"{AUDIENCE} limit 0"),
    ("publish.audiences", "an audience has no customer twice", broken(AUDIENCE, "repeated", "1")),
    (
        "publish.audiences",
        "an audience has no member who is not a customer",
        broken(AUDIENCE, "unknown_customers", "1"),
    ),
    ("publish.audiences", "an audience has no member without consent", broken(AUDIENCE, "without_consent", "1")),
    (
        "publish.audiences",
        "an audience has no message or task for who is held out",
        broken(AUDIENCE, "held_out", "1"),
    ),
]


def table_rules(suite: str) -> list[Any]:
    return importlib.import_module(f"expectations.{suite}").rules()


@pytest.fixture(scope="module")
def red(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """For each table of cases (good ones g0, g1 …, bad ones b0, b1 …) the rules that do not hold."""
    folder = tmp_path_factory.mktemp("tables")
    tables = {f"g{number}": case for number, case in enumerate(GOOD_TABLES)}
    tables |= {f"b{number}": (suite, sql) for number, (suite, _, sql) in enumerate(TABLE_CASES)}
    with duckdb.connect(str(folder / "audit.duckdb")) as con:
        for name, (_, sql) in tables.items():
            con.execute(f"create table {name} as {sql}")
    suites = {f"g{number}": table_rules(suite) for number, (suite, _) in enumerate(GOOD_TABLES)}
    for number, (suite, rule, _) in enumerate(TABLE_CASES):
        suites[f"b{number}"] = [item for item in table_rules(suite) if item.meta["rule"] == rule]
    failures = run_suites(folder / "audit.duckdb", suites, open_report(folder / "report"), row_rules=False)
    return {name: {item.rule for item in failures if item.table == name} for name in tables}


@pytest.mark.parametrize("number", range(len(GOOD_TABLES)), ids=lambda number: GOOD_TABLES[number][0])
def test_a_good_table_breaks_no_rule(red: dict[str, set[str]], number: int) -> None:
    assert red[f"g{number}"] == set()


@pytest.mark.parametrize("number", range(len(TABLE_CASES)), ids=lambda number: TABLE_CASES[number][1].replace(" ", "_"))
def test_a_bad_table_breaks_its_rule(red: dict[str, set[str]], number: int) -> None:
    assert TABLE_CASES[number][1] in red[f"b{number}"]


# No rule without a bad case.


def test_every_rule_on_rows_has_a_bad_case() -> None:
    rules = {(name, rule.meta["rule"]) for name, entity in all_entities().items() for rule in row_rules(entity)}
    assert rules == {case[:2] for case in ROW_CASES}


def test_every_rule_on_files_streams_and_builds_has_a_bad_case() -> None:
    folders = (PROJECT_ROOT / "expectations" / part for part in ("raw", "publish"))
    modules = {f"{path.parent.name}.{path.stem}" for folder in folders for path in folder.glob("*.py")}
    suites = modules - {f"raw.{name}" for name in all_entities()} - {"raw.contract"}
    assert suites == {case[0] for case in GOOD_TABLES}
    assert {(s, rule.meta["rule"]) for s in suites for rule in table_rules(s)} == {case[:2] for case in TABLE_CASES}


def test_a_check_that_cannot_be_evaluated_is_an_error_and_no_pass(tmp_path: Path) -> None:
    from great_expectations import expectations as gxe

    with duckdb.connect(str(tmp_path / "a.duckdb")) as con:
        con.execute("create table a as select 1 as known")
    suite = [gxe.ExpectColumnValuesToBeBetween(column="unknown", min_value=0, meta={"rule": "x"})]
    with pytest.raises(RuntimeError, match=r"a: expect_column_values_to_be_between could not be evaluated: .*unknown"):
        run_suites(tmp_path / "a.duckdb", {"a": suite}, open_report(tmp_path / "report"), row_rules=False)

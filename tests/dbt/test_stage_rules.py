"""The seeds' own tests go red for each row that is missing or doubled, not only in theory."""

from __future__ import annotations

import csv

import duckdb
import jinja2
import pytest

from include.warehouse.dbt import PROJECT_DIR
from tests.dbt.broken_seeds import BROKEN

RULES = [row["rule_id"] for row in csv.DictReader((PROJECT_DIR / "seeds" / "stage_rules.csv").open(encoding="utf-8"))]


@pytest.fixture(scope="module")
def seeds():
    """A connection that holds every seed, with the types a seed has in the warehouse."""
    with duckdb.connect() as con:
        for path in sorted((PROJECT_DIR / "seeds").glob("*.csv")):
            con.execute(f"create table {path.stem} as from read_csv('{path}', header = true)")
        yield con


def findings(con: duckdb.DuckDBPyConnection, test: str) -> list[tuple]:
    """Rows a data test of dbt_project/tests returns; none when it passes."""
    text = (PROJECT_DIR / "tests" / f"{test}.sql").read_text(encoding="utf-8")
    return con.execute(jinja2.Template(text).render(ref=lambda name: name)).fetchall()


def red_after(con: duckdb.DuckDBPyConnection, test: str, change: str) -> bool:
    """Whether the test finds something once the change is made; the change is taken back."""
    con.execute("begin")
    try:
        con.execute(change)
        return bool(findings(con, test))
    finally:
        con.execute("rollback")


@pytest.mark.parametrize("test", sorted(path.stem for path in (PROJECT_DIR / "tests").glob("*.sql")))
def test_the_seeds_as_they_are_pass(seeds, test):
    assert findings(seeds, test) == []


def alone(rule: str) -> str:
    """Leave only the model of a rule: the grid of the others is the same."""
    return f"delete from stage_models where model_id <> (select model_id from stage_rules where rule_id = '{rule}');"


@pytest.mark.parametrize("rule", RULES)
def test_a_missing_rule_leaves_a_hole(seeds, rule):
    assert red_after(
        seeds, "stage_rules_total_and_exclusive", f"{alone(rule)} delete from stage_rules where rule_id = '{rule}'"
    )


@pytest.mark.parametrize("rule", RULES)
def test_a_doubled_rule_overlaps(seeds, rule):
    change = f"{alone(rule)} insert into stage_rules from stage_rules where rule_id = '{rule}'"
    assert red_after(seeds, "stage_rules_total_and_exclusive", change)


@pytest.mark.parametrize(("test", "change"), [(test, change) for test, changes in BROKEN.items() for change in changes])
def test_a_broken_seed_is_found(seeds, test, change):
    assert red_after(seeds, test, change)


def test_every_test_of_the_project_has_a_known_bad_case():
    assert {path.stem for path in (PROJECT_DIR / "tests").glob("*.sql")} == set(BROKEN)

"""Break rules of the models, many at once, and see the unit tests that hold them go red."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import PurePosixPath

import pytest

from tests.dbt.mutations import MUTATIONS, Mutation, dealt
from tests.dbt.project_copy import Project, copy_of_the_project

BATCHES = dealt(MUTATIONS)
BAD_SEED = """\
seeds:
  - name: known_bad
    data_tests:
      - grain: {name: bad_grain, arguments: {columns: [a, b]}}
      - grain: {name: bad_grain_blank, arguments: {columns: [c], never_null: [a, b]}}
      - agrees_with: {name: bad_sum, arguments: {this_sum: sum(c), other: ref('known_bad'), other_sum: sum(c) + 1}}
      - never_null: {name: bad_blank, arguments: {columns: [a, b]}}
      - agrees_with: {name: bad_null, arguments: {this_sum: sum(c), other: ref('known_bad'), other_sum: min(b)}}
"""


def names(statuses: dict[str, str], *wanted: str) -> set[str]:
    """Short names of the tests that ended so."""
    return {unique_id.split(".")[-1] for unique_id, status in statuses.items() if status in wanted}


def held(mutations: Iterable[Mutation]) -> set[str]:
    """Names of the unit tests that must notice."""
    return {unit_test for *_, unit_test in mutations}


def unheld(unit_tests: Iterable[str], mutations: Iterable[Mutation]) -> list[str]:
    """Names of unit tests of which nobody has seen that they can fail."""
    return sorted(set(unit_tests) - held(mutations))


@pytest.fixture(scope="module")
def unit_tests(parsed) -> set[str]:
    return {unit_test["name"] for unit_test in parsed["unit_tests"].values()}


@pytest.fixture
def copy(built, lake, tmp_path) -> Project:
    """A project of the test's own, over the warehouse of the sound one."""
    sound, _ = built
    project = copy_of_the_project(tmp_path, lake, sound)
    shutil.copy(sound.warehouse, project.warehouse)
    return project


def test_every_unit_test_has_a_mutation(unit_tests):
    assert unheld(unit_tests, MUTATIONS) == []


def test_every_mutation_names_a_unit_test(unit_tests):
    assert held(MUTATIONS) - unit_tests == set()


def test_a_unit_test_without_a_mutation_is_named():
    mutations = [("models/a.sql", "x", "y", "a_holds")]
    assert unheld(["a_holds", "b_holds"], mutations) == ["b_holds"]


def test_mutations_that_could_hide_each_other_are_dealt_apart():
    first, second = ("models/a.sql", "x", "y", "a_holds"), ("models/a.sql", "u", "v", "a_holds_too")
    alike, elsewhere = ("models/a.sql", "x", "y", "a_holds_as_well"), ("models/b.sql", "x", "y", "b_holds")
    again, macro = ("models/c.sql", "x", "y", "a_holds"), ("macros/c.sql", "x", "y", "c_holds")
    assert dealt([first, second, alike, elsewhere, again, macro]) == [
        [first, alike, elsewhere],
        [second, again],
        [macro],
    ]


def test_all_unit_tests_pass_as_the_project_is(built):
    project, _ = built
    statuses = project.dbt("test", "--select", "test_type:unit", "test_type:singular")
    assert names(statuses, "fail", "error", "skipped", "warn") == set()
    assert held(MUTATIONS) <= names(statuses, "pass")


@pytest.mark.slow
@pytest.mark.parametrize("batch", BATCHES, ids=[f"{batch[0][3]}-and-{len(batch) - 1}-more" for batch in BATCHES])
def test_broken_rules_are_noticed(copy, batch):
    for path, old, new in dict.fromkeys(mutation[:3] for mutation in batch):
        copy.edit(path, old, new)
    seeds = sorted({PurePosixPath(path).stem for path, *_ in batch if path.startswith("seeds/")})
    if seeds:
        copy.dbt("seed", "--select", *seeds)
    statuses = copy.dbt("test", "--select", *sorted(held(batch)))
    # A rule is broken, not the SQL: a test that ends in an error has noticed nothing.
    assert names(statuses, "error", "skipped") == set()
    assert held(batch) - names(statuses, "fail") == set()


@pytest.fixture(scope="module")
def of_the_bad_seed(built, lake, tmp_path_factory) -> dict[str, str]:
    """Statuses of our own data tests over a seed that each of them must refuse."""
    sound, _ = built
    project = copy_of_the_project(tmp_path_factory.mktemp("bad_seed"), lake, sound)
    # Two rows with the same a and b, b being NULL; the sum of c is 3, the smallest b is NULL.
    (project.folder / "seeds" / "known_bad.csv").write_text("a,b,c\n1,,1\n1,,2\n", encoding="utf-8")
    (project.folder / "seeds" / "known_bad.yml").write_text(BAD_SEED, encoding="utf-8")
    return project.dbt("build", "--select", "known_bad")


@pytest.mark.slow
@pytest.mark.parametrize("test", ["bad_grain", "bad_grain_blank", "bad_sum", "bad_blank", "bad_null"])
def test_our_own_data_tests_can_fail(of_the_bad_seed, test):
    # dbt ends the name of a data test with a hash of its arguments, after the name.
    failed = {unique_id for unique_id, status in of_the_bad_seed.items() if status == "fail"}
    assert any(f".{test}." in unique_id for unique_id in failed)

"""Break rules of the models, many at once, and see the unit tests that hold them go red."""

from __future__ import annotations

import shutil
from pathlib import PurePosixPath

import pytest

from tests.dbt.mutations import MUTATIONS
from tests.dbt.project_copy import Project, copy_of_the_project

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


@pytest.fixture(scope="module")
def broken(built, lake, tmp_path_factory) -> dict[str, str]:
    """Statuses of the tests that hold the mutated rules, all mutations at once, over the warehouse of the sound one."""
    sound, _ = built
    project: Project = copy_of_the_project(tmp_path_factory.mktemp("broken"), lake, sound)
    shutil.copy(sound.warehouse, project.warehouse)
    for path, old, new, _ in MUTATIONS:
        project.edit(path, old, new)
    # Two rows with the same a and b, b being NULL; the sum of c is 3, the smallest b is NULL.
    (project.folder / "seeds" / "known_bad.csv").write_text("a,b,c\n1,,1\n1,,2\n", encoding="utf-8")
    (project.folder / "seeds" / "known_bad.yml").write_text(BAD_SEED, encoding="utf-8")
    changed = sorted({PurePosixPath(path).stem for path, *_ in MUTATIONS if path.startswith("seeds/")})
    project.dbt("seed", "--select", *changed, "known_bad")
    held = sorted({unit_test for *_, unit_test in MUTATIONS})
    return project.dbt("test", "--select", *held, "known_bad", "test_type:singular")


def test_all_unit_tests_pass_as_the_project_is(built):
    project, _ = built
    statuses = project.dbt("test", "--select", "test_type:unit", "test_type:singular")
    assert names(statuses, "fail", "error", "skipped", "warn") == set()
    assert len(statuses) > len(MUTATIONS)


@pytest.mark.slow
@pytest.mark.parametrize(("path", "old", "new", "unit_test"), MUTATIONS, ids=[f"{m[0]}-{m[3]}" for m in MUTATIONS])
def test_a_broken_rule_is_noticed(broken, path, old, new, unit_test):
    assert unit_test in names(broken, "fail")


@pytest.mark.slow
def test_the_broken_project_still_runs(broken):
    assert names(broken, "error") == set()


@pytest.mark.slow
@pytest.mark.parametrize("test", ["bad_grain", "bad_grain_blank", "bad_sum", "bad_blank", "bad_null"])
def test_our_own_data_tests_can_fail(broken, test):
    # dbt ends the name of a data test with a hash of its arguments, after the name.
    failed = {unique_id for unique_id, status in broken.items() if status == "fail"}
    assert any(f".{test}." in unique_id for unique_id in failed)

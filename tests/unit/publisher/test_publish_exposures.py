"""Each audience is an exposure of dbt: what leaves the house, who answers for it and which models it stands on."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.publisher.audiences import Audience, load_audiences
from include.settings import Settings
from include.warehouse.dbt import PROJECT_DIR

FOLDER = PROJECT_DIR / "models" / "publish"
NO_AUDIENCE = {"pub_suppressions"}
Exposures = list[dict[str, Any]]


def disagreements(audiences: dict[str, Audience], exposures: Exposures, models: set[str]) -> list[str]:
    """What audiences, exposures and publish models do not say alike."""
    named = {exposure["name"]: exposure for exposure in exposures}
    found = [f"{name} is more than one exposure" for name in sorted(named) if _names(exposures).count(name) > 1]
    found += [f"audience {name} is no exposure" for name in sorted(audiences.keys() - named.keys())]
    found += [f"exposure {name} is no audience" for name in sorted(named.keys() - audiences.keys())]
    ours = {f"pub_{name}" for name in audiences}
    found += [f"{model} is in no audience" for model in sorted(models - NO_AUDIENCE - ours)]
    found += [f"{model} is no model" for model in sorted(ours - models)]
    for name in sorted(audiences.keys() & named.keys()):
        exposure = named[name]
        read = {match[1] for match in (re.fullmatch(r"ref\('(\w+)'\)", parent) for parent in exposure["depends_on"])}
        if read != {f"pub_{name}", "pub_suppressions"}:
            found.append(f"exposure {name} reads {', '.join(sorted(read))}")
        if exposure["owner"]["name"] != audiences[name].owner:
            found.append(f"exposure {name} is owned by {exposure['owner']['name']}, not {audiences[name].owner}")
        if exposure["type"] != "application" or not exposure.get("description", "").strip():
            found.append(f"exposure {name} is not described as an application")
    return found


def _names(exposures: Exposures) -> list[str]:
    return [exposure["name"] for exposure in exposures]


@pytest.fixture
def audiences(tmp_path: Path) -> dict[str, Audience]:
    return load_audiences(Settings(_env_file=None, data_dir=tmp_path))


@pytest.fixture
def exposures() -> Exposures:
    return yaml.safe_load((FOLDER / "exposures.yml").read_text(encoding="utf-8"))["exposures"]


@pytest.fixture
def models() -> set[str]:
    return {path.stem for path in FOLDER.glob("*.sql")}


def test_audiences_exposures_and_models_agree(
    audiences: dict[str, Audience], exposures: Exposures, models: set[str]
) -> None:
    assert disagreements(audiences, exposures, models) == []


def first(**values: Any) -> Callable[[Exposures], None]:
    return lambda exposures: exposures[0].update(values)


KNOWN_BAD = [
    (lambda exposures: exposures.pop(0), "audience new_customers is no exposure"),
    (lambda exposures: exposures.append(exposures[0] | {"name": "old"}), "exposure old is no audience"),
    (lambda exposures: exposures.append(exposures[0]), "new_customers is more than one exposure"),
    (first(owner={"name": "finance"}), "exposure new_customers is owned by finance, not marketing"),
    (
        first(depends_on=["ref('pub_loyal')", "ref('pub_suppressions')"]),
        "exposure new_customers reads pub_loyal, pub_suppressions",
    ),
    (first(depends_on=["ref('pub_new_customers')"]), "exposure new_customers reads pub_new_customers"),
    (first(type="dashboard"), "exposure new_customers is not described as an application"),
]


@pytest.mark.parametrize(("spoil", "problem"), KNOWN_BAD, ids=[problem for _, problem in KNOWN_BAD])
def test_exposures_that_do_not_fit_are_found(
    audiences: dict[str, Audience],
    exposures: Exposures,
    models: set[str],
    spoil: Callable[[Exposures], None],
    problem: str,
) -> None:
    spoiled = copy.deepcopy(exposures)
    spoil(spoiled)
    assert disagreements(audiences, spoiled, models) == [problem]


def test_a_model_without_an_audience_and_an_audience_without_a_model_are_found(
    audiences: dict[str, Audience], exposures: Exposures, models: set[str]
) -> None:
    changed = models - {"pub_loyal"} | {"pub_forgotten"}
    assert disagreements(audiences, exposures, changed) == [
        "pub_forgotten is in no audience",
        "pub_loyal is no model",
    ]

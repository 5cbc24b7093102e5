"""The rules of the house over dbt's manifest. Each has a known-bad manifest that turns it red."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

import pytest

Manifest = dict[str, Any]
LAYERS = ("staging", "intermediate", "marts", "publish")
PREFIXES = {
    "staging": r"stg_(shop|ads|email|web|feedback)__[a-z_]+",
    "intermediate": r"int_[a-z]+(_[a-z]+)*__[a-z]+(_[a-z]+)*",
    "marts": r"(dim|fct|cohort|kpi|stage|customer|campaign|benchmark|sales|acquisition)_[a-z_]+|contacts",
    "publish": r"pub_[a-z_]+",
}
FORBIDDEN = {
    "current_date, current_timestamp, now(): a run knows only as_of": r"\b(current_date|current_timestamp|now\s*\()",
    "qualify: Spark 3.5 lacks it": r"\bqualify\b",
    ":: casts: Spark 3.5 lacks them": r"::",
    "* except / exclude: not portable": r"\*\s*(except|exclude)\b",
    "recursive CTEs: Spark 3.5 lacks them": r"\bwith\s+recursive\b",
}
UNIQUE_ENDS = r"(_key|_id|_row|_number|priority|identity_type)( (asc|desc))?$"


def models(manifest: Manifest) -> Iterator[dict[str, Any]]:
    """Every model of the project."""
    return (node for node in manifest["nodes"].values() if node["resource_type"] == "model")


def layer(node: dict[str, Any]) -> str:
    """The layer a model lies in, by its folder."""
    return PurePosixPath(node["path"]).parts[0]


def code(node: dict[str, Any]) -> str:
    """A model's SQL without comments, in lower case."""
    return re.sub(r"{#.*?#}|--[^\n]*", "", node["raw_code"], flags=re.S).lower()


def reads_past_its_layer(manifest: Manifest) -> list[str]:
    """Models that read something other than their own layer, the one directly before, and seeds."""
    found = []
    for model in models(manifest):
        if layer(model) not in LAYERS:
            found.append(f"{model['name']} lies in no layer")
            continue
        position = LAYERS.index(layer(model))
        for parent_id in model["depends_on"]["nodes"]:
            kind = parent_id.split(".")[0]
            if position == 0:
                allowed = kind == "source"
            elif kind == "model":
                allowed = layer(manifest["nodes"][parent_id]) in LAYERS[position - 1 : position + 1]
            else:
                allowed = kind == "seed"
            if not allowed:
                found.append(f"{model['name']} reads {parent_id}")
    return found


def without_description(manifest: Manifest) -> list[str]:
    """Models without a description, and columns of marts, audiences and seeds without one."""
    found = [model["name"] for model in models(manifest) if not model["description"].strip()]
    seeds = [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    found += [seed["name"] for seed in seeds if not seed["description"].strip() or not seed["columns"]]
    for node in [model for model in models(manifest) if layer(model) in LAYERS[2:]] + seeds:
        for column in node["columns"].values():
            if not column["description"].strip():
                found.append(f"{node['name']}.{column['name']}")
    return found


def without_contract(manifest: Manifest) -> list[str]:
    """Marts and audiences whose contract is not enforced or leaves the type of a column open."""
    found = []
    for model in models(manifest):
        if layer(model) in LAYERS[2:]:
            untyped = [column["name"] for column in model["columns"].values() if not column["data_type"]]
            if not model["config"]["contract"]["enforced"] or untyped or not model["columns"]:
                found.append(f"{model['name']} {untyped}")
    return found


def misnamed(manifest: Manifest) -> list[str]:
    """Models whose name does not say their layer, or does not fit their source's folder."""
    found = []
    for model in models(manifest):
        name, parts = model["name"], PurePosixPath(model["path"]).parts
        fits = re.fullmatch(PREFIXES.get(parts[0], "$^"), name)
        if not fits or (parts[0] == "staging" and not name.startswith(f"stg_{parts[1]}__")):
            found.append(name)
    return found


def forbidden_sql(manifest: Manifest) -> list[str]:
    """Models with SQL that is not deterministic or not portable."""
    return [
        f"{model['name']}: {why}"
        for model in models(manifest)
        for why, pattern in FORBIDDEN.items()
        if re.search(pattern, code(model))
    ]


def windows(sql: str) -> Iterator[str]:
    """What stands in the window of each row_number, named windows resolved."""
    for match in re.finditer(r"row_number\(\)\s+over\s*(\((?P<inline>[^()]*(\([^()]*\)[^()]*)*)\)|(?P<name>\w+))", sql):
        named = match["name"]
        if named:
            definition = re.search(rf"\b{named} as \((?P<body>[^()]*(\([^()]*\)[^()]*)*)\)", sql)
            yield definition["body"] if definition else ""
        else:
            yield match["inline"]


def undetermined_row_numbers(manifest: Manifest) -> list[str]:
    """Models with a row_number whose order does not end in a key: the same lake could give other rows."""
    found = []
    for model in models(manifest):
        sql = code(model)
        seen = list(windows(sql))
        ends = [" ".join(window.split()).rpartition("order by ")[2].rsplit(",", 1)[-1].strip() for window in seen]
        ordered = all("order by" in window for window in seen) and len(seen) == sql.count("row_number(")
        if not ordered or not all(re.search(UNIQUE_ENDS, end) or end.startswith("cause_id") for end in ends):
            found.append(f"{model['name']} {ends}")
    return found


def without_own_yml(manifest: Manifest) -> list[str]:
    """Models that are not described by a .yml of their own name beside them."""
    return [
        model["name"]
        for model in models(manifest)
        if (model["patch_path"] or "").rpartition("://")[2]
        != str(PurePosixPath(model["original_file_path"]).with_suffix(".yml"))
    ]


def undocumented_macros(manifest: Manifest) -> list[str]:
    """Macros of the project without a description, or with an argument without one; implementations follow theirs."""
    found = []
    for macro in manifest["macros"].values():
        if macro["package_name"] != "perennial" or re.match(r"(default|spark)__", macro["name"]):
            continue
        if not macro["description"] or not all(argument["description"] for argument in macro["arguments"]):
            found.append(macro["name"])
    return found


def pick(manifest: Manifest, name: str) -> dict[str, Any]:
    return next(node for node in manifest["nodes"].values() if node["name"] == name)


def reading(name: str, parent: str) -> Callable[[Manifest], None]:
    return lambda manifest: pick(manifest, name)["depends_on"]["nodes"].append(parent)


def saying(name: str, sql: str) -> Callable[[Manifest], None]:
    return lambda manifest: pick(manifest, name).update(raw_code=sql)


def having(name: str, /, **values: Any) -> Callable[[Manifest], None]:
    return lambda manifest: pick(manifest, name).update(values)


def column(name: str, /, **values: Any) -> Callable[[Manifest], None]:
    return lambda manifest: next(iter(pick(manifest, name)["columns"].values())).update(values)


def macro(name: str) -> Callable[[Manifest], None]:
    return lambda manifest: manifest["macros"][f"macro.perennial.{name}"].update(description="")


KNOWN_BAD = [
    (reads_past_its_layer, reading("fct_orders", "model.perennial.stg_shop__orders")),
    (reads_past_its_layer, reading("fct_orders", "source.perennial.shop.orders")),
    (reads_past_its_layer, reading("pub_loyal", "model.perennial.int_lifecycle__stages")),
    (reads_past_its_layer, reading("int_orders__priced", "model.perennial.fct_orders")),
    (reads_past_its_layer, reading("stg_shop__orders", "model.perennial.stg_shop__refunds")),
    (reads_past_its_layer, reading("stg_shop__orders", "seed.perennial.fx_rates")),
    (reads_past_its_layer, having("pub_loyal", path="elsewhere/pub_loyal.sql")),
    (without_description, having("int_orders__priced", description=" ")),
    (without_description, having("stage_rules", description="")),
    (without_description, column("fct_orders", description="")),
    (without_description, column("stage_rules", description="")),
    (without_contract, having("fct_orders", config={"contract": {"enforced": False}})),
    (without_contract, having("pub_loyal", columns={})),
    (without_contract, column("pub_loyal", data_type=None)),
    (misnamed, having("fct_orders", name="orders_final")),
    (misnamed, having("pub_loyal", name="fct_loyal")),
    (misnamed, having("stg_shop__orders", name="stg_web__orders")),
    (forbidden_sql, saying("fct_orders", "select current_date")),
    (forbidden_sql, saying("fct_orders", "select NOW()")),
    (forbidden_sql, saying("fct_orders", "select current_timestamp")),
    (forbidden_sql, saying("fct_orders", "select a::date from b")),
    (forbidden_sql, saying("fct_orders", "select * except (a) from b")),
    (forbidden_sql, saying("fct_orders", "select a from b qualify row_number() over (order by a_key) = 1")),
    (forbidden_sql, saying("fct_orders", "with recursive a as (select 1)")),
    (undetermined_row_numbers, saying("fct_orders", "select row_number() over (partition by a_key) from b")),
    (undetermined_row_numbers, saying("fct_orders", "select row_number() over (order by ordered_at) from b")),
    (undetermined_row_numbers, saying("fct_orders", "select row_number() over w from b window w as (order by at)")),
    (undetermined_row_numbers, saying("fct_orders", "select row_number() over () from b")),
    (without_own_yml, having("fct_orders", patch_path=None)),
    (without_own_yml, having("fct_orders", patch_path="perennial://models/marts/core/marts.yml")),
    (undocumented_macros, macro("surrogate_key")),
]
RULES = list(dict.fromkeys(rule for rule, _ in KNOWN_BAD))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rule(parsed, rule):
    assert rule(parsed) == []


@pytest.mark.parametrize(("rule", "spoil"), KNOWN_BAD, ids=[f"{i}-{r.__name__}" for i, (r, _) in enumerate(KNOWN_BAD)])
def test_a_known_bad_manifest_is_found(parsed, rule, spoil):
    manifest = copy.deepcopy({key: parsed[key] for key in ("nodes", "macros")})
    spoil(manifest)
    assert len(rule(manifest)) == 1


def test_the_manifest_is_not_empty(parsed):
    assert {layer(model) for model in models(parsed)} == set(LAYERS)
    assert sum(1 for model in models(parsed) for _ in windows(code(model))) >= len(list(models(parsed))) // 4

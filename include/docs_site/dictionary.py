"""The data dictionary: a page per model and seed, and a list of them all."""

from __future__ import annotations

import re
from typing import Any

from include.docs_site.manifest import Project

SCHEMAS = ("marts", "publish", "contacts", "seeds", "intermediate", "staging")
UNITS = (
    (r"reporting currency|in the reporting", "reporting currency"),
    (r"currency of the order|order_currency", "order's currency"),
    (r"ISO 4217", "ISO 4217"),
)
NAMES = (
    (r"_at$|^valid_(from|to)$", "UTC"),
    (r"_date$|^date$|_(start|month)$", "day of the shop"),
    (r"_(rate|share)$|^share_|probability", "ratio"),
    (r"_percent$", "percent"),
    (r"(^|_)days(_|$)", "days"),
    (r"months(_|$)", "months"),
    (r"_count$|^(customers|orders|members)$", "count"),
)


def unit(column: dict[str, Any]) -> str:
    """Say what a column is counted in, from its type, its words and its name; nothing where nothing is counted."""
    kind, name = (column["data_type"] or "").lower(), column["name"]
    if kind.startswith(("varchar", "boolean")):
        return "ISO 4217" if "ISO 4217" in column["description"] else ""
    by_words = next((found for words, found in UNITS if re.search(words, column["description"])), "")
    by_name = next((found for pattern, found in NAMES if re.search(pattern, name)), "")
    return (by_name or by_words) if kind.startswith(("timestamp", "date")) else (by_words or by_name)


def page_name(node: dict[str, Any]) -> str:
    """Where a model's or seed's page lies, below the dictionary."""
    return f"{node['schema']}/{node['name']}.md"


def index(project: Project) -> str:
    """List every model and seed with its first sentence."""
    lines = ["# Data dictionary", "", "Made from the models' contracts and tests.", ""]
    for schema in SCHEMAS:
        nodes = [node for node in project.nodes() if node["schema"] == schema]
        if nodes:
            lines += [f"## {schema}", "", "| table | what it is |", "|---|---|"]
            lines += [f"| [`{node['name']}`]({page_name(node)}) | {cell(node['description'])} |" for node in nodes]
            lines.append("")
    return "\n".join(lines)


def page(project: Project, node: dict[str, Any]) -> str:
    """Write the page of a model or seed: grain, columns, lineage, tests."""
    key, tests = project.key(node), list(project.tests(node))
    kind = "seed, a CSV file" if node["resource_type"] == "seed" else node["config"]["materialized"]
    parts = [f"# {node['name']}", cell(node["description"]), ""]
    grain = f"one row per {' x '.join(f'`{name}`' for name in key.columns)}" if key else "no test states it"
    parts += ["| | |", "|---|---|", f"| grain | {grain} |", f"| schema | `{node['schema']}` |"]
    parts += [f"| in the build | {kind} |", f"| file | `dbt_project/{node['original_file_path']}` |", ""]
    if node["columns"]:
        parts += ["## Columns", "", "| column | type | unit | what it is | tests |", "|---|---|---|---|---|"]
        parts += [_column(column, tests) for column in node["columns"].values()]
        parts.append("")
    parts += ["## Lineage", "", *_lineage(project, node), "", *_tests(project, node, tests)]
    return "\n".join(parts) + "\n"


def cell(text: str) -> str:
    """Make text safe for a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")


def _column(column: dict[str, Any], tests: list[dict[str, Any]]) -> str:
    checks = [constraint["type"].replace("_", " ") for constraint in column["constraints"]]
    checks += [_name(test) for test in tests if test.get("column_name") == column["name"]]
    values = (column["name"], column["data_type"] or "", unit(column), cell(column["description"]), ", ".join(checks))
    return "| `{}` | {} | {} | {} | {} |".format(*values)


def _name(test: dict[str, Any]) -> str:
    return ((test.get("test_metadata") or {}).get("name") or test["name"]).replace("_", " ")


def _lineage(project: Project, node: dict[str, Any]) -> list[str]:
    lines = []
    for title, direction in (("made from", "parent_map"), ("read by", "child_map")):
        found = ", ".join(_link(one) for one in project.neighbours(node, direction))
        lines.append(f"- {title}: {found or 'nothing'}")
    return lines


def _link(node: dict[str, Any]) -> str:
    if node["resource_type"] in ("model", "seed"):
        return f"[`{node['name']}`](../{page_name(node)})"
    return {"source": "the lake's", "exposure": "the page or list"}.get(
        node["resource_type"], ""
    ) + f" `{node['name']}`"


def _tests(project: Project, node: dict[str, Any], tests: list[dict[str, Any]]) -> list[str]:
    whole = [test for test in tests if not test.get("column_name")]
    units = project.unit_tests(node)
    if not whole and not units:
        return []
    lines = ["## Tests", ""]
    lines += [f"- `{test['name']}`, of the data: {_name(test)}" for test in sorted(whole, key=lambda one: one["name"])]
    lines += [f"- `{test['name']}`: {cell(test['description'])}" for test in units]
    return lines

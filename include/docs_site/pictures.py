"""Two pictures made from the project itself: how the core tables join, and the stages of the default model."""

from __future__ import annotations

import csv
from pathlib import Path
from textwrap import wrap

from include.docs_site.manifest import Project
from include.docs_site.svg import LINE, Box, arrow, loop, picture, width_of

GAP = 24
ARC = 60  # height of an arrow that passes over boxes
LETTERS = 16  # of a line in a stage's box


def core_tables(project: Project) -> str:
    """Draw dimensions and facts with the keys that join them: in the middle the tables whose key others hold."""
    tables = {
        node["name"]: [name for name in node["columns"] if name.endswith("_key")]
        for node in project.nodes()
        if node["schema"] == "marts" and node["name"].startswith(("dim_", "fct_"))
    }
    owners = _owners(project, tables)
    joins = [
        (name, owner)
        for name, columns in tables.items()
        for column in columns
        for key, owner in owners.items()
        if (column == key or column.endswith(f"_{key}")) and owner != name
    ]
    middle = [name for name in tables if name in {owner for _, owner in joins}]
    outside = [name for name in tables if name not in middle]
    columns = [outside[::2], middle, outside[1::2]]
    boxes = {}
    x = 1.0
    for names in columns:
        width = max(width_of([name, *tables[name]]) for name in names)
        y = 1.0
        for name in names:
            boxes[name] = Box(x, y, [name, *tables[name]], width)
            y += boxes[name].height + GAP
        x += width + 120
    parts = [box.draw() for box in boxes.values()] + [_join(boxes[child], boxes[owner]) for child, owner in joins]
    height = max(box.y + box.height for box in boxes.values()) + 2
    return picture(x - 118, height, "Dimensions and facts, and the keys that join them", parts)


def _owners(project: Project, tables: dict[str, list[str]]) -> dict[str, str]:
    """Key column -> the table of which it is the whole grain."""
    found = {}
    for node in project.nodes():
        key = project.key(node) if node["name"] in tables and node["schema"] == "marts" else None
        if key and len(key.columns) == 1 and key.columns[0].endswith("_key"):
            found[key.columns[0]] = node["name"]
    return found


def _join(child: Box, owner: Box) -> str:
    if child.x == owner.x:
        return loop((child.x + child.width, child.middle), (owner.x + owner.width, owner.middle + 4))
    right = child.x < owner.x
    start = child.x + child.width if right else child.x
    end = owner.x if right else owner.x + owner.width
    return arrow((start, child.middle), (end, owner.middle))


def lifecycle(seeds: Path) -> str:
    """Draw the stages of the default model: solid arrows forward, dashed ones to where customers are lost."""
    with (seeds / "stage_models.csv").open(encoding="utf-8") as file:
        default = next(row["model_id"] for row in csv.DictReader(file) if row["is_default"] == "true")
    with (seeds / "stages.csv").open(encoding="utf-8") as file:
        stages = sorted(
            (row for row in csv.DictReader(file) if row["model_id"] == default), key=lambda row: int(row["stage_order"])
        )
    boxes, x = {}, 2.0
    for row in stages:
        lines = [row["stage"], *wrap(row["description"], LETTERS)]
        boxes[row["stage"]] = Box(x, ARC, lines, width_of(lines))
        x += boxes[row["stage"]].width + 50
    parts = [box.draw() for box in boxes.values()]
    for row in stages:
        ways = [(stage, False) for stage in row["next_stages"].split()]
        ways += [(row["lost_to_stage"], True)] if row["lost_to_stage"] else []
        parts += [_way(boxes[row["stage"]], boxes[stage], dashed) for stage, dashed in ways]
    height = max(box.height for box in boxes.values()) + 2 * ARC
    return picture(x - 48, height, f"Stages of the model {default}", parts)


def _way(start: Box, end: Box, dashed: bool) -> str:
    if 0 < end.x - start.x - start.width < 60:
        return arrow((start.x + start.width, start.y + LINE), (end.x, end.y + LINE), dashed=dashed)
    # Anything but the next box is reached above or below the others.
    over = end.x > start.x
    y_start, y_end = (start.y, end.y) if over else (start.y + start.height, end.y + end.height)
    return arrow((start.x + start.width / 2, y_start), (end.x + end.width / 2, y_end), ARC if over else -ARC, dashed)

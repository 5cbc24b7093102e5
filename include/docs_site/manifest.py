"""What the documentation reads from dbt's manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from include.serve.keys import Key, keys_of


@dataclass(frozen=True)
class Project:
    """A parsed dbt project."""

    manifest: dict[str, Any]
    keys: dict[tuple[str, str], Key]

    def nodes(self) -> list[dict[str, Any]]:
        """Models and seeds, by schema and name."""
        wanted = [node for node in self.manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
        return sorted(wanted, key=lambda node: (node["schema"], node["name"]))

    def key(self, node: dict[str, Any]) -> Key | None:
        """The grain of a table, where a test says it."""
        return self.keys.get((node["schema"], node["alias"]))

    def tests(self, node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Its data tests."""
        for test in self.manifest["nodes"].values():
            if test["resource_type"] == "test" and test.get("attached_node") == node["unique_id"]:
                yield test

    def unit_tests(self, node: dict[str, Any]) -> list[dict[str, Any]]:
        """Its unit tests."""
        tests = self.manifest["unit_tests"].values()
        return sorted((test for test in tests if test["model"] == node["name"]), key=lambda test: test["name"])

    def neighbours(self, node: dict[str, Any], direction: str) -> list[dict[str, Any]]:
        """Models, seeds, sources and exposures directly before it (parent_map) or after it (child_map)."""
        everything = {
            **self.manifest["nodes"],
            **self.manifest["sources"],
            **self.manifest["exposures"],
        }
        found = (everything.get(name) for name in self.manifest[direction].get(node["unique_id"], ()))
        return sorted(
            (one for one in found if one and one["resource_type"] != "test"), key=lambda one: one["unique_id"]
        )


def read(path: Path) -> Project:
    """Read a manifest.

    Raises:
        FileNotFoundError: the project was not parsed; `make manifest` does.
    """
    manifest = json.loads(path.read_text(encoding="utf-8"))
    return Project(manifest, keys_of(manifest))

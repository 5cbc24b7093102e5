"""Checks requests against a vendor's own OpenAPI description.

The descriptions are not part of this repository: they lie in the folder that VENDOR_SPECS names, or in
`../shared/vendor` beside it. Where a description says nothing about further properties its objects are closed, and
limits that stand only in its prose become `maxItems`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters

from include.demo.tools.base import Request

METHODS = ("get", "post", "put", "patch", "delete")


SPECS = Path(os.environ.get("VENDOR_SPECS") or Path(__file__).parents[2].parent / "shared" / "vendor")


def spec_file(name: str) -> Path:
    """Find a description, or skip the test and say so."""
    if not (SPECS / name).is_file():
        pytest.skip(f"the vendor's description {SPECS / name} is not there; set VENDOR_SPECS to its folder")
    return SPECS / name


@dataclass(frozen=True)
class _Request:
    """A request as openapi-core wants it."""

    request: Request
    host_url: str = "http://localhost"

    @property
    def path(self) -> str:
        return self.request.path

    @property
    def method(self) -> str:
        return self.request.method.lower()

    @property
    def body(self) -> bytes | None:
        return self.request.raw or None

    @property
    def content_type(self) -> str:
        return self.request.headers.get("content-type", "application/json")

    @cached_property  # openapi-core writes the path's parameters into it
    def parameters(self) -> RequestParameters:
        return RequestParameters(query=_Many(self.request.query), header=dict(self.request.headers), cookie={}, path={})


class _Many(dict[str, str]):
    """A query in which an array is one text, parted by commas."""

    def getlist(self, name: str) -> list[str]:
        return self[name].split(",")


class Spec:
    """A description cut down to the operations used, closed, and with its prose limits built in.

    Args:
        file: below the folder of descriptions.
        operations: `METHOD path` of what may be called at all; anything else is a violation.
        headers: header -> regular expression its value must match, besides what the description demands.
        edit: changes the cut-down description; for limits that stand in prose.
        ignored_query: query parameters that the description forgot.
        base: path of the vendor's server that stands before the paths of the description.
    """

    def __init__(
        self,
        file: str,
        operations: Iterable[str],
        headers: dict[str, str] | None = None,
        edit: Callable[[dict[str, Any]], None] | None = None,
        ignored_query: Iterable[str] = (),
        base: str = "",
    ) -> None:
        whole = json.loads(spec_file(file).read_text(encoding="utf-8"))
        self.headers = headers or {}
        self.ignored_query = set(ignored_query)
        self.paths: dict[str, set[str]] = {}
        for operation in operations:
            method, path = operation.split(" ")
            self.paths.setdefault(path, set()).add(method.lower())
        cut = _cut(whole, self.paths)
        cut["servers"] = [{"url": base or "/"}]
        self.base = base
        if edit:
            edit(cut)
        for path in cut["paths"].values():
            for method in METHODS:
                for content in (path.get(method, {}).get("requestBody") or {}).get("content", {}).values():
                    content["schema"] = _closed(content["schema"], cut, ())
        self.description = cut
        self._openapi = OpenAPI.from_dict(cut, config=Config(spec_validator_cls=None))

    def __call__(self, request: Request) -> None:
        """Raise AssertionError with the reason when a request does not fit."""
        for name, pattern in self.headers.items():
            value = request.headers.get(name)
            assert value is not None, f"header {name} is missing"
            assert re.fullmatch(pattern, value), f"header {name} does not fit {pattern}"
        known = self._query(request)
        unknown = set(request.query) - known - self.ignored_query
        assert not unknown, f"query parameters that the description does not know: {sorted(unknown)}"
        try:
            self._openapi.validate_request(_Request(request))
        except Exception as error:
            causes = getattr(error.__cause__, "schema_errors", None) or [error.__cause__ or error]
            said = "; ".join(str(getattr(one, "message", one))[:300] for one in causes)
            raise AssertionError(f"{type(error).__name__}: {said}") from None

    def _query(self, request: Request) -> set[str]:
        for path, item in self.description["paths"].items():
            operation = item.get(request.method.lower())
            if operation and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", path), request.path.removeprefix(self.base)):
                given = [*item.get("parameters", []), *operation.get("parameters", [])]
                resolved = [_resolve(one, self.description) for one in given]
                return {one["name"] for one in resolved if one["in"] == "query"}
        return set()


def prose_limit(text: str, pattern: str) -> int:
    """Read a number out of a description; the pattern's first group is the number, with or without commas."""
    found = re.search(pattern, text)
    assert found, f"the description no longer says {pattern!r}"
    return int(found[1].replace(",", ""))


def _cut(whole: dict[str, Any], paths: dict[str, set[str]]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for path, methods in paths.items():
        item = whole["paths"][path]
        kept[path] = {name: value for name, value in item.items() if name not in METHODS or name in methods}
        for method in methods:
            assert method in item, f"the description has no {method} {path}"
    cut = {"openapi": whole["openapi"], "info": {"title": "cut", "version": "1"}, "servers": [{"url": "/"}]}
    cut |= {"paths": json.loads(json.dumps(kept)), "components": {}}
    for path in cut["paths"].values():
        for method in METHODS:
            # Answers are the vendor's business here, and most of the size.
            if method in path:
                path[method]["responses"] = {"default": {"description": ""}}
                path[method].pop("security", None)
    waiting = [cut["paths"]]
    while waiting:
        for reference in re.findall(r'"\$ref": "#/components/([^"]+)"', json.dumps(waiting.pop())):
            kind, name = reference.split("/")
            if name not in cut["components"].setdefault(kind, {}):
                cut["components"][kind][name] = json.loads(json.dumps(whole["components"][kind][name]))
                waiting.append(cut["components"][kind][name])
    return cut


def _resolve(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = root
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def _closed(schema: dict[str, Any], root: dict[str, Any], above: tuple[str, ...]) -> dict[str, Any]:
    """Return a schema with references put in place and objects closed; `allOf` is merged, so that it can be closed."""
    if schema.get("$ref") in above:
        return {}
    above = (*above, schema["$ref"]) if "$ref" in schema else above
    schema = dict(_resolve(schema, root))
    for part in schema.pop("allOf", []):
        merged = _closed(part, root, above)
        for name, value in merged.items():
            if isinstance(value, dict) and isinstance(schema.get(name), dict):
                schema[name] = value | schema[name]
            elif name == "required":
                schema[name] = sorted({*value, *schema.get(name, [])})
            else:
                schema.setdefault(name, value)
    for name in ("oneOf", "anyOf"):
        if name in schema:
            schema[name] = [_closed(one, root, above) for one in schema[name]]
    if "items" in schema:
        schema["items"] = _closed(schema["items"], root, above)
    if schema.get("properties"):
        schema["properties"] = {name: _closed(one, root, above) for name, one in schema["properties"].items()}
        schema.setdefault("additionalProperties", False)
    elif isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = _closed(schema["additionalProperties"], root, above)
    for name in ("example", "examples", "description"):
        if not isinstance(schema.get(name), dict) or name == "example":
            schema.pop(name, None)
    return schema


@cache
def cached_spec(make: Callable[[], Spec]) -> Spec:
    """Build a description once per process: Klaviyo's takes a second."""
    return make()

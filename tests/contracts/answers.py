"""Checks what a stand-in answers against the vendor's own OpenAPI description."""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from include.demo.tools.base import Answer, Request, Tool
from tests.contracts.specs import Spec, cached_spec, spec_file

# Of each address: to check them all would take longer than the rest of a test.
LOOKED_AT = 20


class Answers:
    """The answers of a description.

    Args:
        file: below the folder of descriptions.
        base: path of the vendor's server that stands before the paths of the description.
    """

    def __init__(self, file: str, base: str = "") -> None:
        self._whole = json.loads(spec_file(file).read_text(encoding="utf-8"), object_hook=_strict)
        _open_parts(self._whole)
        self._registry = Registry().with_resource("urn:spec", Resource(self._whole, DRAFT4))
        self._base = base
        self._validators: dict[tuple[str, str], OAS30Validator] = {}

    def problem(self, method: str, path: str, answer: Answer) -> str | None:
        """Say what is wrong with a good answer; errors are not looked at."""
        if answer.status != 200:
            return None
        body = json.loads(answer.body) if isinstance(answer.body, bytes) else answer.body
        validator = self._validator(method.lower(), self._template(path.removeprefix(self._base)))
        errors = sorted(validator.iter_errors(body), key=lambda error: list(map(str, error.absolute_path)))
        return f"{path}: {list(errors[0].absolute_path)}: {errors[0].message[:300]}" if errors else None

    def watch(self, tool: Tool) -> None:
        """Check the first answers from each address of a stand-in; what does not fit is one of its violations."""
        handle: Callable[[Request], Answer] = tool.handle
        looked_at: Counter[str] = Counter()

        def checked(request: Request) -> Answer:
            answer = handle(request)
            looked_at[request.path] += 1
            if looked_at[request.path] > LOOKED_AT:
                return answer
            problem = self.problem(request.method, request.path, answer)
            if problem:
                tool.violations.append(problem)
            return answer

        tool.handle = checked  # type: ignore[method-assign]

    def _template(self, path: str) -> str:
        if path in self._whole["paths"]:
            return path
        known = (one for one in self._whole["paths"] if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", one), path))
        return next(known)

    def _validator(self, method: str, template: str) -> OAS30Validator:
        if (method, template) not in self._validators:
            content: dict[str, Any] = self._whole["paths"][template][method]["responses"]["200"]["content"]
            kind = next(kind for kind in content if "json" in kind and "problem" not in kind)
            steps = ("paths", template, method, "responses", "200", "content", kind, "schema")
            pointer = "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)
            schema = {"$ref": f"urn:spec#/{pointer}"}
            self._validators[method, template] = OAS30Validator(
                schema, registry=self._registry, format_checker=oas30_format_checker
            )
        return self._validators[method, template]


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    """Close objects, so that a misspelt key is found; let overlapping alternatives of `oneOf` all fit."""
    if "oneOf" in schema:
        schema["anyOf"] = schema.pop("oneOf")
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        schema.setdefault("additionalProperties", False)
    return schema


def _open_parts(whole: dict[str, Any]) -> None:
    """Open again what `allOf` puts together: each part alone does not know the others' keys."""
    waiting: list[Any] = [whole]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            for part in node.get("allOf", []):
                name = part.get("$ref", "").rpartition("/")[2]
                part = whole["components"]["schemas"][name] if name else part
                for one in (part, *part.get("properties", {}).values()):
                    one.pop("additionalProperties", None)
        waiting += node.values() if isinstance(node, dict) else node if isinstance(node, list) else []


@cache
def cached_answers(file: str, base: str = "") -> Answers:
    """Read a description once per process."""
    return Answers(file, base)


def described(tool: Tool, spec: Callable[[], Spec], file: str, base: str = "") -> None:
    """Check a stand-in's requests and answers; where the description is absent, a warning says that they are not."""
    try:
        tool.check = cached_spec(spec)
        cached_answers(file, base).watch(tool)
    except pytest.skip.Exception as absent:
        warnings.warn(f"requests and answers are not checked: {absent}", stacklevel=2)

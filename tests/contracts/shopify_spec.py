"""Checks Shopify's queries, and what the stand-in answers to them, against Shopify's own schema."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from include.demo.apis.shopify import Shopify
from include.demo.tools.base import Answer, Request
from tests.contracts.specs import spec_file

try:
    import graphql
except ImportError:
    graphql = None  # type: ignore[assignment]

SCALARS: dict[str, Any] = {"Int": int, "Float": (int, float), "Boolean": bool}
DECIMAL = re.compile(r"-?\d+(\.\d+)?")


@cache
def schema() -> Any:
    """Build Shopify's schema, or skip the test; it takes a second."""
    if graphql is None:
        pytest.skip("graphql-core, which checks the queries, is not installed")
    text = gzip.decompress(spec_file("shopify/admin_2026-10.graphql.gz").read_bytes()).decode()
    return graphql.build_schema(text, assume_valid=True)


@cache
def can_check() -> bool:
    """Whether there is a schema, and something to check it with."""
    try:
        return schema() is not None
    except pytest.skip.Exception:
        return False


@cache
def _problems(query: str) -> tuple[str, ...]:
    return tuple(one.message for one in graphql.validate(schema(), graphql.parse(query)))


def check_query(query: str, variables: dict[str, Any] | None = None) -> None:
    """Raise AssertionError when a document or its variables do not fit the schema."""
    schema()
    document = graphql.parse(query)
    assert not _problems(query), _problems(query)
    if variables is not None:
        [operation] = document.definitions
        coerced = graphql.get_variable_values(schema(), operation.variable_definitions, variables)
        assert isinstance(coerced, dict), [str(one.message) for one in coerced]
        unknown = set(variables) - {one.variable.name.value for one in operation.variable_definitions}
        assert not unknown, f"variables that the query does not declare: {sorted(unknown)}"


def check_answer(query: str, data: Any) -> None:
    """Raise AssertionError when an answer is not what a query asks, by the schema."""
    schema()
    [operation] = graphql.parse(query).definitions
    kind = schema().mutation_type if operation.operation.value == "mutation" else schema().query_type
    _check(operation.selection_set, kind, data, operation.operation.value)


def check_bulk_file(query: str, content: bytes) -> None:
    """Raise AssertionError when a line of a bulk operation's file is no record or child that its query asks."""
    schema()
    [operation] = graphql.parse(query).definitions
    [root] = operation.selection_set.selections
    known = dict(_nodes(root, schema().query_type))
    for line in content.splitlines():
        record = json.loads(line)
        name = record["id"].split("/")[3]
        assert name in known, f"the file has a {name}, which the query does not ask"
        assert ("__parentId" in record) == (name != next(iter(known))), f"__parentId of a {name}"
        record.pop("__parentId", None)
        selections, kind = known[name]
        _check_fields([one for one in selections if not _is_connection(one, kind)], kind, record, name)


def _nodes(field: Any, parent: Any) -> Iterator[tuple[str, tuple[list[Any], Any]]]:
    connection = graphql.get_named_type(parent.fields[field.name.value].type)
    [edges] = field.selection_set.selections
    [node] = edges.selection_set.selections
    kind = graphql.get_named_type(graphql.get_named_type(connection.fields["edges"].type).fields["node"].type)
    yield kind.name, (node.selection_set.selections, kind)
    for one in node.selection_set.selections:
        if _is_connection(one, kind):
            yield from _nodes(one, kind)


def _is_connection(field: Any, parent: Any) -> bool:
    return graphql.get_named_type(parent.fields[field.name.value].type).name.endswith("Connection")


def _check(selection_set: Any, kind: Any, value: Any, path: str) -> None:
    if graphql.is_non_null_type(kind):
        assert value is not None, f"{path} is null"
        return _check(selection_set, kind.of_type, value, path)
    if value is None:
        return None
    if graphql.is_list_type(kind):
        assert isinstance(value, list), f"{path} is {value!r}, expected a list"
        for one in value:
            _check(selection_set, kind.of_type, one, f"{path}[]")
        return None
    if graphql.is_leaf_type(kind):
        return _check_leaf(kind, value, path)
    return _check_fields(selection_set.selections, kind, value, path)


def _check_fields(selections: Any, kind: Any, value: Any, path: str) -> None:
    assert isinstance(value, dict), f"{path} is {value!r}, expected an object"
    asked = set()
    for one, parent in _fields(selections, kind):
        key = one.alias.value if one.alias else one.name.value
        asked.add(key)
        assert key in value, f"{path}.{key} is missing"
        _check(one.selection_set, parent.fields[one.name.value].type, value[key], f"{path}.{key}")
    assert set(value) == asked, f"{path} has {sorted(set(value) - asked)}, which nobody asked"


def _fields(selections: Any, kind: Any) -> Iterator[tuple[Any, Any]]:
    for one in selections:
        if one.kind == "field":
            yield one, kind
        else:
            yield from _fields(one.selection_set.selections, schema().type_map[one.type_condition.name.value])


def _check_leaf(kind: Any, value: Any, path: str) -> None:
    if graphql.is_enum_type(kind):
        assert value in kind.values, f"{path} is {value!r}, expected one of {kind.name}"
        return
    expected = SCALARS.get(kind.name, str)
    assert isinstance(value, expected) and isinstance(value, bool) == (expected is bool), f"{path} is {value!r}"
    if kind.name == "UnsignedInt64":
        assert value.isdigit(), f"{path} is {value!r}"
    if kind.name in ("Decimal", "Money"):
        assert DECIMAL.fullmatch(value), f"{path} is {value!r}, expected a decimal"


class CheckedShopify(Shopify):
    """The stand-in, every question and answer of which fits the schema, where that can be checked."""

    def handle(self, request: Request) -> Answer:
        """Handle a request and check both sides of it."""
        answer = super().handle(request)
        try:
            if can_check() and request.path.endswith("graphql.json"):
                self._check(request, answer)
        except Exception as error:  # whatever does not fit
            self.violations.append(f"{error}")
        return answer

    def _check(self, request: Request, answer: Answer) -> None:
        query, variables = request.json["query"], request.json["variables"]
        check_query(query, variables)
        if "bulkOperationRunQuery" in query:
            check_query(variables["query"])
        body = json.loads(answer.body) if isinstance(answer.body, bytes) else answer.body
        if answer.status == 200 and "errors" not in body:
            check_answer(query, body["data"])

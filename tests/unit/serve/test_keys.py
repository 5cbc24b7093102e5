"""The grain of a table becomes its primary key where it holds no NULL, and a unique index where it may."""

from __future__ import annotations

from typing import Any

import pytest

from include.serve import keys
from include.serve.errors import ServeError
from include.serve.keys import Key, keys_of


def manifest(kind: str, arguments: dict[str, Any], not_null: tuple[str, ...] = (), where: str | None = None) -> Any:
    columns = {name: {"name": name, "constraints": [{"type": "not_null"}]} for name in not_null}
    table = {"schema": "marts", "alias": "t", "columns": columns | {"other": {"name": "other"}}, "config": {}}
    test = {"attached_node": "t", "test_metadata": {"name": kind, "kwargs": arguments}, "config": {"where": where}}
    return {"nodes": {"t": table, "test": test}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (manifest("grain", {"columns": ["a", "b"]}, ("a", "b")), Key(("a", "b"), True)),
        (manifest("grain", {"columns": ["a", "b"]}, ("a",)), Key(("a", "b"), False)),
        (manifest("grain", {"columns": ["a", "b"], "never_null": ["b"]}, ("a",)), Key(("a", "b"), True)),
        (manifest("unique", {"column_name": "a"}, ("a",)), Key(("a",), True)),
    ],
)
def test_a_key_as_the_contract_says_it(given: Any, expected: Key) -> None:
    assert keys_of(given) == {("marts", "t"): expected}


@pytest.mark.parametrize(
    "given",
    [
        manifest("unique", {"column_name": "a"}),
        manifest("grain", {"columns": ["a"]}, ("a",), where="a > 1"),
        manifest("not_null", {"column_name": "a"}, ("a",)),
    ],
)
def test_what_does_not_hold_for_every_row_is_no_key(given: Any) -> None:
    assert keys_of(given) == {}


def test_a_project_that_was_not_parsed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(keys, "MANIFEST", tmp_path / "manifest.json")
    with pytest.raises(ServeError, match=r"manifest\.json does not exist; run `make manifest`"):
        keys.keys()

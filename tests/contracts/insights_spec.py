"""Requests and answers of Meta's Insights API against Meta's own description of it (api_specs)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from include.demo.tools.base import Answer, Request

ENUMS = {"level": {"ad", "adset", "campaign", "account"}, "date_preset": {"yesterday"}}
LOST_WINDOWS = {"7d_view", "28d_view"}


class InsightsSpec:
    """Called with each request; raises AssertionError for what the description does not have."""

    def __init__(self, folder: Path) -> None:
        account = json.loads((folder / "AdAccount.json").read_text())
        self.edges = {
            (api["method"], api["endpoint"]): {param["name"]: param["type"] for param in api["params"]}
            for api in account["apis"]
            if api.get("endpoint") == "insights"
        }
        self.account_fields = {field["name"] for field in account["fields"]}
        insights = json.loads((folder / "AdsInsights.json").read_text())
        self.types = {field["name"]: field["type"] for field in insights["fields"]}
        self.checked = 0

    def __call__(self, request: Request) -> Answer | None:
        assert request.headers["authorization"].startswith("Bearer "), "no token"
        assert "access_token" not in request.query, "the token is in the address"
        given = request.form if request.method == "POST" else request.query
        if re.fullmatch(r"/v\d+\.\d+/act_\d+/insights", request.path):
            self._edge(request.method, given)
        elif re.fullmatch(r"/v\d+\.\d+/act_\d+", request.path):
            assert set(given["fields"].split(",")) <= self.account_fields, "no such field of an ad account"
        else:
            assert re.fullmatch(r"/v\d+\.\d+/(\d+(/insights)?|me/permissions)", request.path), "no such address"
        self.checked += 1
        return None

    def _edge(self, method: str, given: dict[str, str]) -> None:
        params = self.edges[method, "insights"]
        assert set(given) <= set(params), f"no such parameters: {set(given) - set(params)}"
        assert set(given["fields"].split(",")) <= set(self.types), "no such field of insights"
        for name, text in given.items():
            assert text in ENUMS.get(name, {text}), f"{name} is {text}"
            if params[name] == "map":
                assert set(json.loads(text)) == {"since", "until"}
            elif params[name] == "list<Object>":
                assert all(set(one) == {"field", "operator", "value"} for one in json.loads(text))
            elif params[name] == "bool":
                assert text in ("true", "false")
        assert not LOST_WINDOWS & set(json.loads(given.get("action_attribution_windows", "[]"))), "a window of old"

    def check_row(self, row: dict[str, Any]) -> None:
        """Raise AssertionError for a row that Meta could not have answered with."""
        unknown = set(row) - set(self.types)
        assert not unknown, f"no such fields: {unknown}"
        for name, value in row.items():
            if self.types[name] == "string":
                assert isinstance(value, str), f"{name} is text"
            else:
                assert all({"action_type", "value"} <= set(one) for one in value), f"{name} is a list of actions"

"""Requests to Meta against its own description of the Graph API (api_specs, CustomAudience.json).

The description names edges, methods, parameters and fields; the limits of a request's content are prose of the guide.
"""

from __future__ import annotations

import json
import re

from include.demo.tools.base import Answer, Request
from tests.contracts.specs import spec_file

ROWS = 10_000
HASHED = {"EMAIL", "PHONE", "FN", "LN"}
PLAIN = {"EXTERN_ID", "DATA_PROCESSING_OPTIONS", "DATA_PROCESSING_OPTIONS_COUNTRY", "DATA_PROCESSING_OPTIONS_STATE"}


class MetaSpec:
    """Called with each request; raises AssertionError for what the description does not have."""

    def __init__(self) -> None:
        described = json.loads(spec_file("meta/CustomAudience.json").read_text())
        self.edges = {
            (api["method"], api["endpoint"]): {param["name"]: param["type"] for param in api["params"]}
            for api in described["apis"]
            if "endpoint" in api
        }
        self.fields = {field["name"] for field in described["fields"]}
        self.checked = 0

    def __call__(self, request: Request) -> Answer | None:
        found = re.fullmatch(r"/v\d+\.\d+/\d+(?:/(\w+))?", request.path)
        assert found, f"no address of the Graph API: {request.path}"
        assert request.headers["authorization"].startswith("Bearer "), "no token"
        assert "access_token" not in request.query, "the token is in the address"
        if found[1] is None:
            assert request.method == "GET", "the audience itself is only read"
            unknown = set(request.query["fields"].split(",")) - self.fields
            assert not unknown, f"no such fields: {unknown}"
        else:
            self._edge(request, found[1])
        self.checked += 1
        return None

    def _edge(self, request: Request, edge: str) -> None:
        params = self.edges.get((request.method, edge))
        assert params is not None, f"no such edge: {request.method} {edge}"
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        unknown = set(request.form) - set(params)
        assert not unknown, f"no such parameters: {unknown}"
        for name, text in request.form.items():
            if params[name] == "Object":
                assert isinstance(json.loads(text), dict), f"{name} must be an object"
        payload, session = json.loads(request.form["payload"]), json.loads(request.form["session"])
        assert set(payload) == {"schema", "data"}
        assert set(payload["schema"]) <= HASHED | PLAIN, "no such column"
        assert 1 <= len(payload["data"]) <= ROWS, "too many rows"
        for row in payload["data"]:
            assert len(row) == len(payload["schema"]), "a row and the schema differ"
            for name, value in zip(payload["schema"], row, strict=True):
                assert name not in HASHED or value == "" or re.fullmatch("[0-9a-f]{64}", value), f"{name} is not hashed"
        assert 0 < session["session_id"] < 2**63
        assert session["batch_seq"] >= 1
        assert isinstance(session["last_batch_flag"], bool)

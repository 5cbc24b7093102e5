"""What a stand-in was asked."""

from __future__ import annotations

from include.demo.tools.base import Request, Tool


def writes(tool: Tool) -> list[Request]:
    """Requests that may change something: a run without changes still reads what the tool holds."""
    return [request for request in tool.requests if request.method != "GET"]

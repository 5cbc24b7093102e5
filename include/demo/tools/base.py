"""A stand-in for a marketing tool: a real HTTP server on loopback that misbehaves on demand.

One module in this folder for each vendor, which keeps members as the tool would. The demo sends to them; the tests
check each request as well.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

Fault = str
"""What goes wrong with a request: `500` (any status, nothing is done), `429:2` (with Retry-After), `reset-before` and
`reset-after` (the connection is cut before or after the tool acted), `hang-after` (acted, then silence until the client
gives up), `truncated` (acted, half the answer), `twice` (acted twice, as when a proxy repeats a request), or a name
the vendor's own stand-in knows (see `Tool.own_fault`)."""


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes
    parts: tuple[str, ...] = ()
    fault: Fault = ""

    @property
    def json(self) -> Any:
        """The body as JSON, None when empty."""
        return json.loads(self.raw) if self.raw else None

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return {name: values[-1] for name, values in parse_qs(self.raw.decode(), keep_blank_values=True).items()}


@dataclass(frozen=True)
class Answer:
    """What is answered; a body of None sends no content, bytes are sent as they are."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Any, Request], Answer]


def route(method: str, pattern: str) -> Callable[[Handler], Handler]:
    """Mark a method of a Tool as the one for a path; `pattern` is a whole-path regular expression."""

    def marked(handler: Handler) -> Handler:
        handler.route = (method, re.compile(pattern))  # type: ignore[attr-defined]
        return handler

    return marked


class Tool:
    """The server and what is common to all vendors.

    Attributes:
        faults: number of a request, from 1 -> what goes wrong with it. Tests fill it.
        check: called with every request before it is handled; tests put the vendor's specification here. What it
            returns is answered instead, when it returns anything; whatever it raises is kept in `violations`.
        requests: everything that came.
        forbidden: what was asked for and must never be, in words.
        questions: addresses that are only asked although the method is not GET.
    """

    questions: ClassVar[re.Pattern[str]] = re.compile(r"(?!)")
    routes: ClassVar[list[tuple[str, re.Pattern[str], str]]] = []

    def __init__(self) -> None:
        self.faults: dict[int, Fault] = {}
        self.check: Callable[[Request], Answer | None] | None = None
        self.violations: list[str] = []
        self.requests: list[Request] = []
        self.forbidden: list[str] = []
        self.lock = threading.RLock()
        self.let_go = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        found = [(*getattr(cls, name).route, name) for name in dir(cls) if hasattr(getattr(cls, name), "route")]
        # The longest pattern first: /lists/7/members before /lists/[^/]+.
        cls.routes = sorted(found, key=lambda one: -len(one[1].pattern))

    def own_fault(self, request: Request) -> Answer | None:
        """Answer a fault only this vendor knows; None to handle the request as usual."""
        return None

    def asked_to_change(self) -> int:
        """Count the requests that asked for a change, whether they made one or not."""
        with self.lock:
            return sum(one.method != "GET" and not self.questions.fullmatch(one.path) for one in self.requests)

    @property
    def url(self) -> str:
        """Base address, without a trailing slash."""
        assert self._server is not None, "start() first"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        """Stop listening and let go of clients that hang."""
        self.let_go.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def handle(self, request: Request) -> Answer:
        """Find the handler and call it under the lock."""
        for method, pattern, name in self.routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                found = Request(**(request.__dict__ | {"parts": match.groups()}))
                with self.lock:
                    return self.own_fault(found) or getattr(self, name)(found)
        return Answer(404, {"error": "no such address"})


def _handler(tool: Tool) -> type[BaseHTTPRequestHandler]:
    class RequestHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        # Headers and body leave in one packet; with Nagle's algorithm the second would wait 40 ms.
        wbufsize = -1
        disable_nagle_algorithm = True

        def log_message(self, *args: Any) -> None:
            pass

        def _any(self) -> None:
            url = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            with tool.lock:
                number = len(tool.requests) + 1
                fault = tool.faults.get(number, "")
                request = Request(self.command, url.path, query, headers, raw, fault=fault)
                tool.requests.append(request)
            self._answer_to(request)

        def _answer_to(self, request: Request) -> None:
            status, _, wait = request.fault.partition(":")
            if status.isdigit():
                return self._send(Answer(int(status), {"error": "injected"}, {"Retry-After": wait} if wait else {}))
            if request.fault == "reset-before":
                return self._cut()
            answer = self._checked(request) or tool.handle(request)
            if request.fault == "twice":
                answer = tool.handle(request)
            if request.fault == "hang-after":
                tool.let_go.wait(20)
                return self._cut()
            if request.fault == "reset-after":
                return self._cut()
            return self._send(answer, truncated=request.fault == "truncated")

        def _checked(self, request: Request) -> Answer | None:
            if tool.check is None:
                return None
            try:
                return tool.check(request)
            except Exception as error:
                with tool.lock:
                    tool.violations.append(f"{request.method} {request.path}: {error}")
                return Answer(400, {"errors": [{"detail": "the request does not fit the specification"}]})

        def _cut(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def _send(self, answer: Answer, truncated: bool = False) -> None:
            content = answer.body if isinstance(answer.body, bytes) else b""
            if answer.body is not None and not isinstance(answer.body, bytes):
                content = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(content))} | answer.headers
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if truncated else content)
            self.wfile.flush()
            if truncated:
                time.sleep(0.01)
                self._cut()

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(RequestHandler, f"do_{method}", RequestHandler._any)
    return RequestHandler

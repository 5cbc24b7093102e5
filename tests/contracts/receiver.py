"""A real HTTP server that receives web hooks, keeps members as a tool would, and misbehaves on demand."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "a secret of the test"


@dataclass
class Seen:
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def keys(self) -> list[str]:
        return [member["customer_key"] for member in self.body["members"]]


@dataclass
class Receiver:
    """The tool's state. `faults` maps a request's number, from 1, to what goes wrong with it.

    A key of Idempotency-Key that was carried out before is answered as before and not carried out again, for ever:
    the strictest reading, under which a key that came twice for two different things would lose the second.
    """

    faults: dict[int, str] = field(default_factory=dict)
    poisoned: set[str] = field(default_factory=set)
    rejections: dict[str, dict[str, Any]] = field(default_factory=dict)
    refuse_all: int | None = None
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    answered: dict[str, dict[str, Any]] = field(default_factory=dict)
    bad_signatures: int = 0
    secret: str = SECRET
    lock: threading.Lock = field(default_factory=threading.Lock)
    hanging: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook/secret-path"

    def start(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self.let_go.set()
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()

    def carry_out(self, key: str, body: dict[str, Any]) -> dict[str, Any]:
        if key in self.answered:
            return self.answered[key]
        for member in body["members"]:
            name = member["customer_key"]
            if name in self.rejections:
                continue
            if body["operation"] == "remove":
                self.members.pop(name, None)
            else:
                self.members[name] = member
        rejected = [
            {"customer_key": member["customer_key"], **self.rejections[member["customer_key"]]}
            for member in body["members"]
            if member["customer_key"] in self.rejections
        ]
        answer = {"rejected": rejected} if rejected else {}
        if not rejected:
            self.answered[key] = answer
        return answer


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 20

        def log_message(self, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.loads(raw)
            with receiver.lock:
                receiver.seen.append(Seen(dict(self.headers), body))
                number = len(receiver.seen)
                if not self._signed(raw):
                    receiver.bad_signatures += 1
                    return self._answer(401, {})
            fault = receiver.faults.get(number, "")
            status = self._status(fault, body)
            if status:
                return self._answer(status, {"error": f"{body['members'][0].get('contact')} is bad"}, fault)
            if fault.endswith("before"):
                return self._vanish(fault)
            with receiver.lock:
                answer = receiver.carry_out(self.headers["Idempotency-Key"], body)
            if fault.endswith("after"):
                return self._vanish(fault)
            return self._answer(200, answer)

        def _status(self, fault: str, body: dict[str, Any]) -> int | None:
            if receiver.refuse_all:
                return receiver.refuse_all
            if fault.partition(":")[0].isdigit():
                return int(fault.partition(":")[0])
            keys = {member["customer_key"] for member in body["members"]}
            return 400 if keys & receiver.poisoned else None

        def _vanish(self, fault: str) -> None:
            if fault.startswith("hang"):
                receiver.hanging.set()
                receiver.let_go.wait(20)
            if fault.startswith("slow"):
                time.sleep(1.5)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def _signed(self, raw: bytes) -> bool:
            stamp = self.headers["X-Perennial-Timestamp"]
            if abs(time.time() - int(stamp)) > 60:
                return False
            good = hmac.new(receiver.secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
            return hmac.compare_digest(good, self.headers.get("X-Perennial-Signature", ""))

        def _answer(self, status: int, body: dict[str, Any], fault: str = "") -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if ":" in fault:
                self.send_header("Retry-After", fault.partition(":")[2])
            self.end_headers()
            self.wfile.write(content)

    return Handler


Start = Callable[..., Receiver]

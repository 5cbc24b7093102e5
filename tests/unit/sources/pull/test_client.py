"""What a request carries: the key it was given, whatever the environment says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from include.sources.pull.client import Client


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[str | None] = []
        self.open = self.most_at_once = 0
        self.lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        with self.server.lock:
            self.server.seen.append(self.headers["Authorization"])
            self.server.open += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.open)
        threading.Event().wait(0.02)
        with self.server.lock:
            self.server.open -= 1
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.shutdown()
    thread.join(5)
    running.server_close()


def client(server: Server) -> Client:
    return Client("shop", f"http://127.0.0.1:{server.server_port}", headers={"Authorization": "Bearer ours"})


def test_a_netrc_file_does_not_replace_the_key(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    assert client(server).get("orders") == {}
    assert server.seen == ["Bearer ours"]


def test_threads_share_a_client_and_ask_one_after_the_other(server: Server) -> None:
    shared = client(server)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda number: shared.get(f"orders/{number}"), range(8))) == [{}] * 8
    assert (len(server.seen), server.most_at_once) == (8, 1)

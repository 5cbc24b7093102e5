"""The pipeline's steps one after another in this process: the functions the DAGs' tasks call, without Airflow."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import yaml

from include.lake.landing import land
from include.quality.gate_1 import gate_1
from include.quality.gate_2 import gate_2
from include.settings import Settings
from include.sources.configured import mappings_with, streams_of
from include.sources.entities import FAMILIES
from include.sources.extract import extract
from include.sources.mapping import read_mapping
from include.warehouse.dbt import PROJECT_DIR, dbt_env, dbt_vars
from include.warehouse.promote import promote


def load(settings: Settings, as_of: datetime) -> dict[str, int]:
    """Load every family of every source; return rows landed per stream."""
    landed: dict[str, int] = {}
    for family in FAMILIES:
        for path in mappings_with(settings, family):
            mapping = read_mapping(path)
            streams = streams_of(mapping, family)
            for stream in streams:
                extract(settings, mapping, stream)
            gate_1(settings, mapping, streams, as_of)
            for stream in streams:
                manifests = land(settings, mapping.source, stream, as_of.date().isoformat())
                landed[stream] = sum(item["rows_landed"] for item in manifests)
    return landed


def dbt_command(settings: Settings, as_of: datetime, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Return the command and the environment of a dbt call on these settings, with a target folder of its own."""
    moment = as_of.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    command = [
        str(Path(sys.executable).with_name("dbt")), *arguments, "--project-dir", str(PROJECT_DIR), "--profiles-dir",
        str(PROJECT_DIR), "--target-path", str(settings.data_dir / "dbt_target"), "--log-path",
        str(settings.data_dir / "dbt_logs"), "--vars", yaml.safe_dump(dbt_vars(settings, moment)),
    ]  # fmt: skip
    return command, os.environ | dbt_env(settings)


def build(settings: Settings, as_of: datetime, *more: str, seconds: int = 600) -> None:
    """Run dbt build without unit tests, as the DAG does, with more arguments where given, for no longer than `seconds`.

    Raises:
        AssertionError: it failed; the message holds dbt's output.
    """
    settings.build_warehouse.parent.mkdir(parents=True, exist_ok=True)
    command, env = dbt_command(settings, as_of, "build", "--exclude-resource-type", "unit_test", *more)
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stdout[-4000:]


def run(settings: Settings, as_of: datetime) -> dict[str, int]:
    """Load, build, check and promote; return rows landed per stream."""
    landed = load(settings, as_of)
    build(settings, as_of)
    gate_2(settings, as_of.astimezone(UTC), "test")
    promote(settings)
    return landed

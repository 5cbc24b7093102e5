"""Which data a demo runs on, and that one demo's lake is never mixed with another's."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from include.demo.datasets import names, prepare
from include.lake.layout import write_json
from include.settings import Settings
from include.sources.mapping import Mapping, read_mapping

MARKER = "demo.json"
# Everything a run writes; sources/ holds what the user or a download put there and stays.
MADE_BY_RUNS = ("lake", "build", "live", "ledger", "published", "quality", "standins", "customers")
# Fewer persons often have no referral or no review at all, and gate 1 refuses a stream without a record.
FEWEST_CUSTOMERS = 100


class DemoError(RuntimeError):
    """The demo cannot run as asked; the message says why and what to do."""


@dataclass(frozen=True)
class Choice:
    """A demo's data: a name, where the mappings are, and the moment it is about."""

    name: str
    mappings: tuple[Path, ...]
    as_of: datetime
    reporting_currency: str
    time_zone: str

    def from_vendors(self, names: Sequence[str]) -> Choice:
        """The same data, some of it read from these vendors' stand-ins: another demo, with a lake of its own."""
        return replace(self, name="+".join((self.name, *names)))

    def settings(self, data_dir: Path) -> Settings:
        """Return the settings of a run on this data; nothing runs by the clock."""
        return Settings(
            data_dir=data_dir,
            sources=self.mappings,
            reporting_currency=self.reporting_currency,
            time_zone=self.time_zone,
            load_schedule="none",
        )


def choose(
    dataset: str,
    data_dir: Path,
    *,
    customers: int,
    seed: int,
    mapping_file: Path | None,
    as_of: str | None,
    say: Callable[[str], None],
) -> Choice:
    """Prepare the data asked for.

    Args:
        dataset: a name in datasets.yml, or files for the user's own.
        data_dir: where data lie; sources/ below it holds the files.
        customers: size of the simulated shop.
        seed: seed of the simulated shop.
        mapping_file: mapping of the user's own files.
        as_of: exclusive end of what may be known, a day or an instant in the shop's zone; default: the data set's own,
            or now for the user's own files.
        say: called with each line of progress.

    Raises:
        DemoError: the data set is unknown, `files` was asked for without a mapping, or the simulated shop is too small.
        DatasetError: a download is missing or not what it should be.
        SimulationError: the simulated shop cannot be written.
    """
    if dataset == "files":
        if mapping_file is None:
            raise DemoError(
                "DATASET=files needs MAPPING=path/to/mapping.yml; docs/add-a-source.md says how to write one."
            )
        mapping = read_mapping(mapping_file)
        return Choice(
            f"files:{mapping.source}",
            (mapping_file.resolve(),),
            _instant(as_of, mapping.time_zone) or datetime.now(UTC).replace(microsecond=0),
            _one_currency(mapping, mapping_file),
            mapping.time_zone,
        )
    if dataset not in names():
        raise DemoError(f"DATASET={dataset} is unknown; expected {', '.join(names())} or files.")
    if dataset == "simulated" and customers < FEWEST_CUSTOMERS:
        raise DemoError(
            f"SCALE={customers}; expected {FEWEST_CUSTOMERS} persons or more, so that there is some of everything."
        )
    found = prepare(dataset, data_dir, customers, seed, progress=say)
    name = f"{dataset}:{customers}:{seed}" if dataset == "simulated" else dataset
    return Choice(
        name,
        found.mappings,
        _instant(as_of, found.time_zone) or found.as_of,
        found.reporting_currency,
        found.time_zone,
    )


def make_room(choice: Choice, data_dir: Path, airflow_home: Path, say: Callable[[str], None]) -> None:
    """Clear away what a demo on other data left, so that two shops never share a lake, a ledger or a run history.

    Raises:
        DemoError: the folder holds a lake that no demo made.
    """
    marker = data_dir / MARKER
    left = [name for name in MADE_BY_RUNS if (data_dir / name).exists()]
    if left and not marker.exists():
        raise DemoError(
            f"{data_dir} holds {', '.join(left)} that no demo made; expected an empty folder or a demo's."
            " Set PERENNIAL_DATA_DIR to another folder for the demo."
        )
    before = json.loads(marker.read_text(encoding="utf-8"))["choice"] if marker.exists() else choice.name
    if before != choice.name:
        say(f"{data_dir} holds the demo {before}: removing its {', '.join(left) or 'marker'}")
        for name in left:
            shutil.rmtree(data_dir / name)
        shutil.rmtree(airflow_home, ignore_errors=True)
    write_json(marker, {"choice": choice.name})


def data_dir_of_demo() -> Path:
    """The folder of the demo's data: PERENNIAL_DATA_DIR or data/."""
    return Path(os.environ.get("PERENNIAL_DATA_DIR", Settings.model_fields["data_dir"].default)).resolve()


def _instant(text: str | None, time_zone: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise DemoError(f"AS_OF={text}; expected a day such as 2011-12-10, or an instant.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(time_zone))


def _one_currency(mapping: Mapping, path: Path) -> str:
    if mapping.currency is None:
        raise DemoError(f"{path}: give the mapping a currency; it becomes the reporting currency of the demo.")
    return mapping.currency

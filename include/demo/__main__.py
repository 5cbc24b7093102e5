"""`make demo` and `make airflow`: prepare data, start a local Airflow, run the pipeline's DAGs, say what came out."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from rich.console import Console

from include.demo.choice import DemoError, choose, data_dir_of_demo, make_room
from include.demo.datasets import DatasetError
from include.demo.report import print_report
from include.demo.simulator import SimulationError
from include.demo.sources import parse_sources, vendor_sources
from include.demo.standins import parse_names, stand_ins
from include.demo.tools_report import print_tools, publish_again
from include.destinations.config import ConfigError
from include.local.airflow import AirflowNotStarted, local_airflow, settings_env
from include.local.pipeline import PipelineFailed, run_pipeline
from include.settings import PROJECT_ROOT
from include.site.build import build_site, index_of
from include.site.read import SiteError
from include.sources.mapping import MappingError

# Errors whose message says what came, what was expected and what to do.
WORDED = (
    AirflowNotStarted,
    ConfigError,
    DatasetError,
    DemoError,
    MappingError,
    PipelineFailed,
    SimulationError,
    SiteError,
)
console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)


def main(arguments: list[str] | None = None) -> int:
    """Run the demo, or keep its Airflow open. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m include.demo", description=__doc__)
    parser.add_argument("action", choices=("run", "airflow"))
    parser.add_argument("--dataset", default="simulated")
    parser.add_argument("--customers", type=int, default=10_000, help="size of the simulated shop")
    parser.add_argument("--seed", type=int, default=7, help="seed of the simulated shop")
    parser.add_argument("--mapping", type=Path, help="mapping file, with --dataset files")
    parser.add_argument("--as-of", help="exclusive end of what may be known, in the shop's time zone")
    parser.add_argument("--destinations", default="", help="vendors whose stand-ins are published to, comma separated")
    parser.add_argument("--sources", default="", help="vendors whose stand-ins are read from, comma separated")
    parser.add_argument("--port", type=int, default=8080, help="port of the Airflow UI, with airflow")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds the pipeline may take")
    options = parser.parse_args(arguments)
    # A plain kill must stop the services too, not only Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    started = time.monotonic()

    def say(line: str) -> None:
        console.print(f"{time.monotonic() - started:6.1f} s  {line}", markup=False, soft_wrap=True)

    data_dir = data_dir_of_demo()
    home = Path(os.environ.get("PERENNIAL_AIRFLOW_HOME", PROJECT_ROOT / ".airflow"))
    try:
        vendors = parse_names(options.destinations)
        read_from = parse_sources(options.sources, options.dataset)
        choice = choose(
            options.dataset,
            data_dir,
            customers=options.customers,
            seed=options.seed,
            mapping_file=options.mapping,
            as_of=options.as_of,
            say=say,
        ).from_vendors(read_from)
        make_room(choice, data_dir, home, say)
        settings = choice.settings(data_dir)
        settings.build_warehouse.parent.mkdir(parents=True, exist_ok=True)
        with vendor_sources(read_from, settings, say) as sources, stand_ins(vendors, sources.settings) as tools:
            settings = tools.settings
            for vendor, account in tools.accounts.items():
                say(f"a stand-in for {vendor} listens on {account.tool.url}")
            say(f"data set {choice.name} as of {choice.as_of.isoformat()}; starting Airflow in {home}")
            port = options.port if options.action == "airflow" else None
            with local_airflow(home, settings_env(settings, tools.connections | sources.connections), port) as airflow:
                if options.action == "airflow":
                    return _keep_open(airflow.url, airflow.password)
                say("Airflow is up")
                run_pipeline(airflow, choice.as_of.isoformat(), say, options.timeout)
                say("the pipeline is through")
            print_report(settings, console)
            if tools.accounts:
                say("publishing a second time")
                first = tools.traffic()
                publish_again(tools, home)
                print_tools(tools, first, console)
                build_site(settings)
    except WORDED as error:
        console.print(f"\n{type(error).__name__}: {error}", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        say("interrupted, everything it started has ended; the same command begins again with what is there")
        return 130
    say("done")
    console.print(f"\nOpen {index_of(settings).as_uri()} in a browser.", markup=False, soft_wrap=True)
    return 0


def _keep_open(url: str, password: str) -> int:
    console.print(f"\nAirflow: {url}   user admin   password {password}\nCtrl-C stops it.\n", markup=False)
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("stopping")
    return 0


if __name__ == "__main__":
    sys.exit(main())

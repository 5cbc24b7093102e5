"""Time the dashboards on a live warehouse grown to many customers: python benchmarks/site.py --customers 1000000.

Copies the live warehouse, repeats every row of the tables that hold customers, orders and events under new keys, builds
the site from the copy, and opens each page from disk in Chromium, the processor to itself.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import duckdb
from playwright.sync_api import sync_playwright

from include.settings import Settings, get_settings
from include.site.build import build_site
from include.site.pages import PAGES
from include.site.screenshots import FLAGS

GROWING = (
    "customer_segments", "campaign_triggers", "dim_customers", "fct_orders", "fct_refunds", "fct_sessions", "fct_carts",
    "fct_email_events", "fct_reviews", "customer_discount_eligibility",
)  # fmt: skip


def grown(live: Path, folder: Path, customers: int) -> Settings:
    """Copy the live warehouse with as many customers as asked for."""
    settings = Settings(_env_file=None, data_dir=folder)
    settings.live_warehouse.parent.mkdir(parents=True)
    shutil.copy(live, settings.live_warehouse)
    with duckdb.connect(str(settings.live_warehouse)) as con:
        there = con.execute("select count(*) from marts.dim_customers").fetchall()[0][0]
        factor = -(-customers // there)
        for table in GROWING:
            con.execute(
                f"insert into marts.{table} by name select source.* replace (source.customer_key || '-' || copies.n as"
                f" customer_key) from marts.{table} as source cross join range(1, {factor}) as copies(n)"
            )
        rows = {
            table: con.execute(f"select count(*) from marts.{table}").fetchall()[0][0]
            for table in ("dim_customers", "customer_segments", "fct_orders", "fct_email_events")
        }
    print(", ".join(f"{table} {count:,} rows" for table, count in rows.items()))
    return settings


def opened(index: Path, times: int) -> None:
    """Open each page several times, each in a browser window without a cache."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for page in PAGES:
            path, taken = index.with_name(page.file), []
            for _ in range(times):
                with browser.new_context(offline=True) as context:
                    tab = context.new_page()
                    tab.goto(path.absolute().as_uri())
                    tab.wait_for_selector("html[data-ready]")
                    taken.append(int(tab.get_attribute("html", "data-ready")))
            shown = f"{statistics.median(taken):,.0f} ms (at most {max(taken):,})"
            print(f"{page.file:18} {path.stat().st_size / 1024:8,.0f} KiB   all drawn after {shown}")
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=5, help="how often each page is opened")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = grown(get_settings().live_warehouse, Path(folder), options.customers)
        started, worked = time.monotonic(), time.process_time()
        index = build_site(settings)
        print(
            f"site built in {time.monotonic() - started:.1f} s, {time.process_time() - worked:.1f} s of processor time"
        )
        opened(index, options.times)


if __name__ == "__main__":
    main()
